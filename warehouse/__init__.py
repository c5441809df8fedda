"""The warehouse: the lake of Parquet tables, the database over it, and the rankings.

    schema/         the tables, each declared once; to add a column or a table, open it
    object_store/   the objects of a home folder with a URL
    storage/        the lake: Delta tables over Parquet files, with writes that count once
    records/        what the stages write, and what they have left to do
    state/          small files that machines with one home in an object store share
    pictures/       the files of the stored pictures: reading, writing and deleting them
    embeddings/     embeddings of pictures: storing and reading them as arrays
    ranking/        which labels earn likes: the measures, the statistics, and the method of lift
    forecast/       what was known of posts before they were posted
    database/       the published database: views, macros, derived tables, and the checks before a publish
    overview/       queries of `likelens status`, of the report and of `likelens compare`
    upkeep/         files of pictures, room on the disk, and forgetting
    home.py         the home folder and its locks
    frames.py       results of queries as Polars frames
    memory.py       how much memory DuckDB may take
    published.py    opening the published database
    authors.py      authors of comments, as they are stored
    host_limits.py  rate limits that hosts announced
    disk_space.py   free space on the disk
    file_writing.py files that appear complete
    errors.py       the errors, and what the caller does about each

A room imports only rooms that stand above it in this list, and the files below them. The warehouse imports neither
Prefect nor any source or classifier.
"""
