"""What the warehouse costs on many stored rows, beside hand-written queries over flat files.

    gallery.py   a home folder with synthetic posts, labels and counts of real shape
    rankings.py  the six classic rankings and lift, beside DuckDB, Polars and pandas over one flat file
    night.py     a complete night on top of what is stored
    measure.py   seconds and peak memory of one piece of work, in a process of its own

`python -m benchmarks.warehouse --rows 1e6 1e7` prints a table with a column for each size.
"""
