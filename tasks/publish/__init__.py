"""The stage publish: the lake tidied, and `likelens.duckdb` swapped in.

task.py        the Prefect task; the work is `warehouse.publish`'s
"""
