"""The kind `clarifai`: whole-picture concepts and regions from Clarifai's models, over gRPC, for money.

It is no classifier that labels what it is given: each picture that is sent costs money, so the stage
`tag` sends pictures and keeps the ledger. Here is what concerns Clarifai alone:

    options.py    the settings
    payload.py    a stored picture to what is sent
    channel.py    the connection, with its silent retries off
    client.py     requests
    responses.py    an answer, read in full: for each picture its labels, or what went wrong
    labelling.py  concepts and regions to labels
    statuses.py   what to do about each status that Clarifai has
"""

from classifiers.clarifai.options import ClarifaiOptions, load

__all__ = ["ClarifaiOptions", "load"]
