"""The work of each command, one file each; `flows.cli` names them and reads their options.

    run.py      run and relabel     rank.py     rank        report.py   report
    sql.py      sql                 status.py   status      doctor.py   doctor
    forget.py   forget              output.py   tables, CSV and JSON on the terminal
    profile.py  profile check       compare.py  compare
    money.py    what was spent, for status
    dry_run.py  --dry-run of run and relabel

The demo has a folder of its own, `flows.demo`.

Each returns the exit status: 0 all done, 1 failed, 2 wrong settings or usage, 3 published but incomplete.
"""
