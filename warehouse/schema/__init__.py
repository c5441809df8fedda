"""The tables of the lake: names, types and meanings.

    tables.py          posts and what belongs to them; the list of all tables
    picture_tables.py  stored pictures, and what classifiers say about them
    comment_tables.py  what each comment says
    current_reader.py  which version of what comments say counts
    forecast_tables.py what was forecast of posts
    run_tables.py      what runs did: the journal, and the ledger
    derived_tables.py  the tables that publish computes from the others
    table_schema.py    what a row type declares, and the conversion of rows to Arrow and from DuckDB
    sql_types.py       declarations of views and macros of the published database
    utc.py             times between Python and DuckDB

It imports nothing else of ours.
"""
