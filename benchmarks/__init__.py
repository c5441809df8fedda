"""How fast, and with how much memory, beside what a user would pick instead.

    classify/    how many pictures a second a classifier labels, on a CPU and on a GPU
    similar/     similar pictures among a million generated embeddings
    growth.py    what a run costs in the warehouse as the stored data grows
    startup.py   how long --help, rank, sql and status take, on a home folder of your own
    cookbook.py  every query of the SQL cookbook on a home folder of your own
    warehouse/   rankings and a night on up to 10⁸ rows of labels, beside flat files
    object_store.py  requests, bytes and cents of nights in an object store
    report.py    the report page over 50,000 posts: seconds and megabytes
    scale/       a year of 10,000 accounts: tables, files, requests, money, and the first limit
    readers/     the lake as the Delta kernel, ClickHouse, Sail and Spark read it
    fetch/       fetching pictures, beside curl, aria2c, requests, img2dataset and Scrapy
    scraping.py  what reading a source costs beside network and parsing, while an account grows
    parsing.py   a gallery's pages to posts, beside a bare lxml loop
    truth/       how true the intervals of lift are, on simulated galleries
    clarifai.py  pictures a second through the paid lane, beside one call a picture
    comments.py  language, tone, spam and questions of 100,000 comments: seconds and megabytes
    topics.py    how well known topics of invented comments are found and last; seconds and megabytes
    comment_quality.py  how often language, tone, spam and questions are right, on comments labelled by hand
    charts.py    the six charts of a classifier with all files, beside Altair's own
    captions.py  pictures a second through a lane of captions, beside one call after the other
    screenshots.py  no measurement: the pictures of the pages in docs/images

Each file is a program: `.venv/bin/python -m benchmarks.growth`. `make bench` runs them all but
`readers/`, `cookbook.py` and `startup.py`, which need a home folder, and `screenshots.py`, which `make screenshots` runs.
"""
