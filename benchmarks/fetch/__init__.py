"""Fetching pictures: likelens beside what a user would pick instead, and beside the limit.

    __main__.py  the rounds and their table
    server.py    the pictures, and nginx that serves them, at once and after 50 ms
    clients.py   who fetches: each a process of its own
    ours.py      the stage fetch of likelens, as such a process
    others.py    urllib, requests and Scrapy, as such processes

2,000 JPEGs of 100 to 300 KB. Each client fetches them all, one client after the other, for some rounds; the
median counts. What is not installed is left out, with a line that says how to get it.

    apt-get install nginx-light curl aria2
    python3 -m venv rivals && rivals/bin/pip install requests scrapy pillow img2dataset
    .venv/bin/python -m benchmarks.fetch --rivals rivals/bin/python
"""
