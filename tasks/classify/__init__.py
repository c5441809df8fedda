"""The stage classify: a lane for each classifier.

task.py        the Prefect task
stage.py   decoding, the model and storing at the same time
decoding.py    pictures decoded in threads, a bounded way ahead of the model
storing.py     labels stored portion by portion beside the model
throughput.py        pictures a second, and the time that is left
"""
