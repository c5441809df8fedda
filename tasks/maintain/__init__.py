"""The stage maintain: what a home folder needs from time to time, while readers read.

task.py       the Prefect task
stage.py      smaller copies, leftovers, tables, checks, in this order
options.py    what the settings say
originals.py  smaller copies of old pictures
"""
