"""The stage maintain: what a home folder needs from time to time, while readers read.

task.py       the Prefect task
stage.py      smaller copies, leftovers, checks of the rows, tables, checks of the pictures, in this order
options.py    what the settings say
originals.py  smaller copies of old pictures
"""
