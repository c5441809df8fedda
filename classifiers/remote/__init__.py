"""What the kinds that send pictures to a server have in common. The stage `tag` runs them.

    options.py   the settings that every such kind has: budgets, price, limits
    client.py    what a client is, and a request in flight
    outcomes.py  the reaction to a response, picture by picture, and the labels or the sentence in it
    payload.py   a stored file to the bytes that are sent

The kinds are `clarifai` and `caption`.
"""
