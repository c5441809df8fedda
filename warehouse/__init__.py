"""What is known: the lake of Parquet tables, the database over it, and the rankings.

    tables.py      the tables, each declared once; to add a column or table, open it
    lake.py        appends and upserts that count once
    reading.py     the lake's files as DuckDB reads them
    home.py        the home folder, and who may write there now
    runs.py        the journal of what ran, and how a run that was cut off goes on
    posts.py       storing what a source showed
    stored_posts.py       what is known of posts that a source shows again
    precision.py   which of two readings of one value says more
    gaps.py        posts whose own page can't be read
    authors.py     names of those who comment, as they are stored
    host_limits.py until when a host wants no request
    pending.py     what waits to be fetched or labelled
    charges.py     what was sent for money, what is spent, what was bought already
    sql.py         views and macros of the published database; to add one, open it
    sql_comparing.py   those that set two classifiers side by side, and spending; sql_types.py is what all are made of
    publish.py     building that database and swapping it in
    rankings.py    the rankings; to add a statistic, open it; empty_rankings.py says why one is empty
    comparing.py   two classifiers side by side
    forgetting.py  removing an account from everything
    disk_space.py       room on the disk
    errors.py      what can go wrong, by the reaction it wants

Knows nothing of Prefect, of sources or of classifiers.
"""
