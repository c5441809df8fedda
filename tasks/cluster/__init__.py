"""Work on a Dask or Ray cluster, for stages whose settings name a runner.

    options.py        which cluster, and what a piece of work needs
    opening.py        open it, and check it, before any work
    protocol.py       what an open cluster can do
    dask_cluster.py   one of Dask, through Prefect's task runner for it
    ray_cluster.py    one of Ray, likewise
    versions.py       the packages of driver and workers, compared
    pinned.py         calls that stay in one process of a worker
    ray_pin.py        such a process of Ray
    items.py          items of work: a bounded number under way, retried, and split when they kill their workers

The driver is the process of the run. It alone reads and writes the lake.
"""
