"""The commands: one module each, with its options. A module's docstring is its command's help.

compare.py  demo.py     doctor.py  forecast.py  forget.py  init.py
maintain.py profile.py  pull.py    rank.py      relabel.py report.py
run.py      serve.py    similar.py sql.py       status.py  train.py

To add a command, add a module with a click command of the same name. The command returns the exit status.
"""
