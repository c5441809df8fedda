"""The lake: one Delta table for each row type of `schema`.

    lake.py            appends and upserts that count once, and upkeep
    readable_lake.py   what is read of a lake: files and queries
    table_writes.py    what a write does to the files of a table
    lake_copy.py       the local copy of a lake in an object store, and writes that become versions there
    table_copy.py      the copy of one table's log
    copy_upkeep.py     deleting old files in the object store
    log_files.py       the files of a table's log
    notes.py           what derived tables were computed from
    lake_reader.py     the lake's files as DuckDB reads them
    damage.py          files that are missing or damaged, as an error
    table_lock.py      the lock that every write holds
    hash_index.py      which data files have a hash: an index that is made when it is missing
    key_lookup.py      which files have some keys, for queries of a few rows
    stored_keys.py     which rows of a batch are stored already
    lake_files.py      a file of a table: which keys it can hold
    table_versions.py  the current version of a table by its log: its files and columns
    retention.py       how long files of old versions stay
    file_layout.py     how many rows a file has, and which files are rewritten together
    file_commit.py     writing files, and replacing some by others in one commit
    delta_upkeep.py    deleting old files

It imports `schema` and the errors; `Home` gives the lake of a home folder.
"""
