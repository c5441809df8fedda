"""The stage tag: labels from a service that costs money, so that no picture is paid for twice.

    task.py       the Prefect task
    stage.py    the lane from its beginning to its end
    lane.py       a lane: its settings, its models, its version
    sending.py    requests in flight
    plan.py       what goes next, and what to do about each answer
    batches.py    pictures read, checked and filled into batches
    rate_limiter.py     how many requests a second, and pauses
    budget_tracker.py      the budgets
    ledger.py     rows before a request and after it, and the labels with them
    response_store.py   answers kept on disk from the moment they arrive
    estimate.py   what a run would send and cost

The order is what makes it safe: the ledger's rows, then the request, then the answer on disk, then the
labels, then the ledger's end, and last the answer's file is removed. Killed in between, the next run
finds either an answer to store or a row that counts as perhaps paid.
"""
