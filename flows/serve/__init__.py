"""Prefect's server, deployments and a worker on one machine, for `likelens serve`.

server.py         host, port and address; whether something else listens there
processes.py      the server and the worker as child processes, from start to end
run.py            `likelens serve` from its checks to the end of its processes
interrupted.py    runs that a stopped worker left
register.py       a program that registers the work pool, deployments and automations at the server
deployments.py    the deployments: which flow, when, with which parameters
automations.py    runs without a heartbeat, and notifications
automations.json  the automation that marks a run without a heartbeat as crashed
database.py       PostgreSQL in place of the file in the home folder
unit.py           the unit file for systemd
"""
