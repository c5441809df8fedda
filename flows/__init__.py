"""What runs, when and in which order; the command line; the settings.

cli.py          the command line, a thin door; each command's work is in commands/
nightly.py      the flow `nightly`, and `relabel`
lanes.py        which stage runs a classifier, and which run together
futures.py     waiting for tasks that run at the same time
run_lifecycle.py        beginning and ending a run: its folder, its journal, its summary
settings.py     likelens.toml
ephemeral_server.py    Prefect's own server, ended with the run
secrets.py      keys and tokens, from the environment or a Prefect Secret block
environment.py  what Prefect and TensorFlow need to be told before they are imported
demo/           the invented gallery of `likelens demo`
"""
