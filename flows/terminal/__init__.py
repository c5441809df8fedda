"""What a command that takes minutes shows: one live view on a terminal, log lines elsewhere.

output.py      --quiet and --verbose, and which of the three kinds of output a command has
watching.py    opens what shows a run, and closes it however the run ends
view.py        the live view: draws the rows again several times a second
rows.py        the stages of a run, each with its state and its numbers
rendering.py   the rows as text, for the width and the encoding of the terminal
log_file.py    sends the log to a file in the home folder; a few of them stay
plan.py        the stages that a run will have, for the rows that wait
"""
