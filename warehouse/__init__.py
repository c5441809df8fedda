"""The warehouse: the lake of Parquet tables, the database over it, and the rankings.

    tables.py            the tables, each declared once; to add a column or a table, open it
    run_tables.py        those of what runs did: the journal, and the ledger
    derived_tables.py    the tables that publish computes from the others
    derived/             computing them by what changed
    table_schema.py      what a row type declares, and the conversion of rows to Arrow and from DuckDB
    utc.py               times between Python and DuckDB
    lake.py              appends and upserts that count once, and queries; delta_upkeep.py deletes old files
    stored_keys.py       which rows of a batch are stored already
    lake_files.py        the files of a table, and which of them can hold a key
    file_layout.py       how many rows a file has, and which files are rewritten together
    file_commit.py       writing files, and replacing some by others in one commit
    lake_reader.py       the lake's files as DuckDB reads them
    home.py              the home folder and its locks
    runs.py              the journal of runs, and how an interrupted run is resumed
    posts.py             storing scraped posts
    stored_posts.py      queries over stored posts, for a run that sees them again
    precision.py         which of two values of a field is more precise
    gaps.py              posts whose own page can't be read
    authors.py           authors of comments, as they are stored
    host_limits.py       rate limits that hosts announced
    pending.py           pictures to fetch and to label
    embeddings/          embeddings of pictures
    labelled_pictures.py  stored pictures by their labels
    charges.py           the ledger of requests that cost money
    status.py            queries of `likelens status`
    sql.py               views and macros of the published database; to add one, open it
    sql_rankings.py      the view of the measures, and the macros of the rankings
    sql_comparing.py     those that compare classifiers or sum costs
    sql_types.py         declarations of views and macros
    checks.py            checks that stop a publish
    check_queries.py     their queries; to add a check, open it
    publish.py           building the database and replacing the old one
    measures.py          the numbers of a post that labels are ranked by; to add one, open it
    plain_statistics.py  the statistics other than lift; to add one, open it
    ranking_query.py     what a ranking is about, and which posts count; to add an option, open it
    rankings.py          the rankings
    past.py              the database as it was known at the end of a past day
    comparable_posts.py  which posts a ranking counts or compares, and how many it leaves out
    lift_rankings.py     the rankings by lift
    lift_changes.py      risers and fallers: a period against the one before
    lift_table.py        computing the table of lifts at publish
    lift/                the method of lift: intervals, pairs, comparable age
    empty_rankings.py    why a ranking is empty
    summary.py           queries of the report beside its rankings
    comparing.py         comparison of two classifiers
    picture_files.py     files of pictures: missing, damaged, or of no row
    room.py              what takes how much room on the disk
    forgetting.py        removing an account or an author
    disk_space.py        free space on the disk
    errors.py            the errors, and what the caller does about each

It imports neither Prefect nor any source or classifier.
"""
