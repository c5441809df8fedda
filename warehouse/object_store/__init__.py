"""The object store of a home folder with a URL, such as `s3://bucket/likelens`: S3, Google Cloud Storage, Azure.

    client.py           reading, writing and listing objects
    connections.py      obstore's clients for a URL, with their timeouts and retries
    backoff.py          growing delays between the attempts of a request
    failures.py         failed requests, as errors that say what to do
    request_counts.py   requests and bytes of this process, as providers charge them

It needs the extra `store`, which has obstore. The lake of `storage` and the pictures use it through `Home.store`.
"""
