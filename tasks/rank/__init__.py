"""The stage rank: every ranking as a CSV file and a Prefect artifact.

task.py        the Prefect task; the arithmetic is `warehouse.rankings`'
"""
