"""The stage fetch: pictures into the content store.

task.py            the Prefect task
stage.py           the stage: the pending pictures, and the stage's result
pipeline.py        many downloads at once, in bounded memory, with retries
hosts.py           each host's limit, pauses and failures
host_turns.py      limits of hosts that hold for several runs together
processes.py       downloads in several processes; worker.py is one of them
on_cluster/        downloads on the workers of a Dask or Ray cluster
download.py        one attempt: request, redirects, body; attempt.py is its result, or why it failed
body.py            the body of a response, in memory while it is small
local.py           a picture that is a file on this machine
store.py           the picture files, and the check whether a file is a picture
truncation.py      whether a picture's file is complete
signatures.py      what a file is that is not a picture, by its first bytes
results.py         rows on their way into the lake
addresses.py       which addresses may be requested
advice.py          what to do about a reason
retry_schedule.py  when a failed attempt is retried

A download process loads download.py and the modules below it, which import nothing of the lake.
"""
