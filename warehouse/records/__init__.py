"""What the stages write to the lake, and what they have left to do.

    posts.py         storing scraped posts
    stored_posts.py  queries over stored posts, for a run that sees them again
    precision.py     which of two values of a field is more precise
    gaps.py          posts whose own page can't be read
    pending.py       pictures to fetch and to label
    comment_readings.py  comments that no reader has read
    comment_topics.py    comments that topics are found in, or that wait for one
    forecasts.py     posts that have no forecast, and candidate pictures that were posted
    captions.py      captions to copy, and those of the report
    charges.py       the ledger of requests to servers
    runs.py          the journal of runs, and how an interrupted run is resumed

Every function takes the lake; none keeps a connection.
"""
