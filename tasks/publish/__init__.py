"""The stage publish: it checks and compacts the lake, and replaces the published database.

stage.py       the work
task.py        the Prefect task
"""
