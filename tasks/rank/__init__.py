"""The stage rank: every ranking as a CSV file and a Prefect artifact.

stage.py       the CSV files, and a description of each ranking
readable.py    the columns and digits that a person reads
task.py        the Prefect task and its artifacts
"""
