"""Downloads on the workers of a Dask or Ray cluster. The pipeline of the stage, which is in the driver, decides each start.

    driver.py       the workers, what is under way on each, and the pictures that come back
    host_owners.py  which worker has each host
    joining.py      workers that join during a fetch
    exchange.py     what runs on a worker: it takes addresses, and gives what has ended
    values.py       what travels between them

The pipeline counts the requests of a host and obeys its pauses, so these hold over all workers.
"""
