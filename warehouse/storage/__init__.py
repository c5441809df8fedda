"""The lake: one Delta table for each row type of `schema`.

    lake.py          appends and upserts that count once, and queries
    lake_reader.py   the lake's files as DuckDB reads them
    damage.py        files that are missing or damaged, as an error
    table_lock.py    the lock that every write holds
    stored_keys.py   which rows of a batch are stored already
    lake_files.py    the files of a table, and which of them can hold a key
    retention.py     how long files of old versions stay
    file_layout.py   how many rows a file has, and which files are rewritten together
    file_commit.py   writing files, and replacing some by others in one commit
    delta_upkeep.py  deleting old files

It imports `schema` and the errors; `Home` gives the lake of a home folder.
"""
