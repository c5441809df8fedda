"""What `likelens forecast` does around the model: options, times, accounts, pictures, and what it prints.

settings.py      the table `[forecast]` of the settings
planned_time.py  planned times as options and settings write them
accounts.py      the account of a forecast, with the nearest names for an unknown one
lanes.py         the classifiers whose labels a forecast uses
stored.py        what the stored models say about themselves
training.py      training both models from the command line
night.py         forecasts in a run
report.py        what the report shows of forecasts
planning.py      pictures as planned posts, and their forecasts
status_rows.py   the models as `likelens status` shows them
skill_output.py  printing what the models are worth
picture_output.py  printing the forecast of one picture, and the ranking of several
"""
