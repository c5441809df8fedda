"""The stage classify: a lane for each classifier.

task.py        the Prefect task
labelling.py   decoding in threads beside the model, labels stored batch by batch
"""
