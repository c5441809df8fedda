"""Fetching pictures: likelens beside what a user would use instead, and beside curl as the limit.

    __main__.py  the rounds and their table
    server.py    the pictures, and nginx that serves them, at once and after 50 ms
    clients.py   the clients, each in its own process
    ours.py      the stage fetch of likelens as a client
    others.py    urllib, requests and Scrapy as clients
    on_cluster.py  by itself: the workers of a Dask or Ray cluster beside the download processes

2,000 JPEGs of 100 to 300 KB. In each round every client fetches them all, one client after the other; the
median of the rounds counts. A client that is not installed is skipped, with a line that says how to get it.

    apt-get install nginx-light curl aria2
    python3 -m venv rivals && rivals/bin/pip install requests scrapy pillow img2dataset
    .venv/bin/python -m benchmarks.fetch --rivals rivals/bin/python
"""
