"""The lake as other programs read it: the rows, and rankings that must equal those of likelens.

    queries.py   the rankings in SQL that DuckDB, ClickHouse and Spark all know, from the tables of the lake alone
    engines.py   the readers: the Delta kernel, ClickHouse, Sail (Spark's interface in Rust), PySpark
    __main__.py  compares the rows of all tables and the rankings of a home folder

`python -m benchmarks.readers HOME --reader clickhouse --packages FOLDER`, where FOLDER has the reader's package, because
likelens does not depend on it.
"""
