"""The stages, one folder each: a thin Prefect task (`task.py`) over plain modules without Prefect.

scrape/         posts of the sources; to add a source, open scrape/sources.py
read_comments/  the language, tone, spam and questions of their comments
topics/         what comments are about
fetch/          their pictures; fetch/attempt.py has the reasons, fetch/retry_schedule.py the retries
classify/       what the pictures show; to add a classifier, open classifiers/registry.py
tag/            the same from a service that costs money
train/          a category of one's own, learned from examples
maintain/       tidy tables, smaller copies of old pictures, checks
publish/        the database that analysts read
rank/           the rankings as files and artifacts
report/         charts and the HTML page; to change a chart, open report/charts.py
similar/        the picture that stored ones are compared with
forecast/       what a post will earn, known before it is posted
cluster/        Dask and Ray, where the settings name one
run.py          what all tasks share
slots.py        slots of Prefect's global limits, for hosts and GPUs
errors.py       which errors a task retries
pull.py         copies tables and models of a home in an object store to this machine
forget.py       removes an account or an author
validation.py   validation errors in words
log_filters.py  which of Prefect's log lines are dropped
groups.py       groups found again, and their distinctive words
labels.py       a label as a row of the table labels
lane_models.py  a classifier opened as its lane opens it, for commands that label nothing
litert_copies.py  faster copies of Keras classifiers in a home folder: made, checked and stored
thumbnails.py   small pictures for pages
forecast_model.py  what a forecast model says about itself, planned posts and their forecasts
picture_order.py  a folder of candidate pictures: its files, their order, and how much of it is noise
picture_input.py  errors of a picture's file in words
comment_text.py the parts of a comment's text: addresses, mentions, hashtags, emoji, words
urls.py         web addresses: made absolute, compared by host and port, sent unchanged
stage_events.py what watches a run sees: starts, numbers and ends of stages
progress.py     the progress of a stage, as an artifact and for what watches the run
markdown.py     plain text and tables in Prefect's artifacts
backoff.py      pauses before a retry
user_agent.py   the User-Agent of every request
"""
