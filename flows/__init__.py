"""What runs, when and in which order; the command line; the settings.

cli.py               the command line: the group and the error boundary
start_up.py          variables that pydantic reads, set before a command is imported
commands/            one module for each command
interrupts.py        Ctrl-C
completion.py        values that a shell completes
options.py           options that several commands share
output.py            tables, CSV, JSON and Parquet on standard output
printable.py         external text without what could change the terminal
chart_file.py        the file of `likelens rank --chart`
ranking_table.py     the columns and the title of a ranking on a terminal
intervals.py         intervals of lifts as bars of text
time_slices.py       weekdays, hours and time zones of options and settings
launch.py            starts a flow from the command line, and shows it
run_summary.py       what a run prints at its end: findings, what is incomplete, paths
terminal/            what a command that takes minutes shows: a live view, log lines, or one line of result
forecasting/         what `likelens forecast` does around the model
first_settings/      what `likelens init` asks and writes
preflight/           what a run needs, checked before it
dry_run.py           --dry-run of run and relabel
backbones.py         the classifiers whose embeddings others are fitted on
spending.py          what paid classifiers have cost, for status
maintenance.py       the flow `maintenance`
train_forecast.py    the flow `train_forecast`
nightly.py           the flows `nightly` and `relabel`
nightly_in_parts.py  the flow `nightly` on several machines
parts.py             its parts: the flows `collect`, `label` and `publish`
part_runs.py         runs a part through its deployment
pool_settings.py     the table [pools]: the work pool of each part
lanes.py             which stage runs a classifier, and which run at the same time
remote_lanes.py      the lanes of classifiers that send pictures to a server
futures.py           waiting for tasks that run at the same time
run_lifecycle.py     opening and closing a run: its lock, its journal, its summary
settings.py          likelens.toml
cluster_settings.py  its table [classify], and what other stages on a cluster share with it
home_settings.py     its key home and its table [storage]
comment_settings.py  its table [comments]
embeddings.py        which classifiers store embeddings, and completes the settings of themes
settings_mistakes.py the mistakes of a settings file in words
docs_pages.py        the pages of the docs that messages name
example_settings.py  the settings that messages show to somebody who has none
errors.py            SettingsError
ephemeral_server.py  ends Prefect's temporary server with the run
prefect_health.py    whether a Prefect server responds at an address
secrets.py           keys and tokens, from the environment or a Prefect Secret block
environment.py       variables that Prefect and TensorFlow read at their import
run_names.py         names and tags of runs in Prefect's pages
night_report.py      what a run leaves at Prefect's server: summary, tags, events
night_summary.py     the summary of a run as Markdown
serve/               Prefect's server, deployments and a worker on one machine
demo/                the invented gallery of `likelens demo`
"""
