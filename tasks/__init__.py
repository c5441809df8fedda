"""The stages: one folder each, a thin Prefect task (`task.py`) over a plain room that knows no Prefect.

scrape/     posts from the sources          to add a source, open scrape/sources.py
fetch/      their pictures                  reasons stand in fetch/reasons.py, tries in fetch/retry_schedule.py
classify/   what the pictures show          to add a classifier, open classifiers/registry.py
tag/        what they show, from a service that costs money
publish/    the database that analysts read
rank/       the rankings as files and artifacts
report/     charts and the HTML page        to change a chart, open report/charts.py
run.py    what all tasks share            errors.py says which errors a task tries again
forget.py   removing an account or an author   validation.py validation errors in words
log_filters.py  which of Prefect's log lines are left out
labels.py   a label as a row of the table labels
urls.py     web addresses: made absolute, compared by host and port, sent as they are written
progress.py progress bars and artifacts     backoff.py how long to wait before another try
user_agent.py who every request says that we are
"""
