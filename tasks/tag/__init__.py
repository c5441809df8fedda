"""The stage tag: labels and captions from servers; no picture is sent or paid for twice.

    task.py            the Prefect task
    stage.py           the lane from start to end
    lane.py            a lane: its settings, its models, its version
    services.py        what differs between the services; Clarifai
    captions.py        the same for servers of captions
    sending.py         requests in flight
    plan.py            which batch goes next, and how to react to each response
    batches.py         pictures read, checked and grouped into batches
    rate_limiter.py    requests per second, and pauses
    budget_tracker.py  the budgets
    ledger.py          rows before a request and after it, and the labels and captions with them
    response_store.py  responses saved on disk when they arrive
    estimate.py        what a run would send and cost

The order makes it safe: ledger rows, request, response on disk, captions and labels, final ledger rows, removal of the
response file. After a kill at any point, the next run finds either a response to store, or a row that counts
as possibly billed.
"""
