"""The kind `clarifai`: concepts and regions of a picture from Clarifai's models, over gRPC, for money.

It has no `load`, because each picture that is sent costs money: the stage `tag` sends pictures and keeps the
ledger. This package has what concerns Clarifai alone:

    options.py    the settings
    payload.py    a stored picture to the bytes that are sent
    channel.py    the connection, with its hidden retries off
    client.py     requests
    responses.py  a response to one outcome per picture: its labels, or the error
    labelling.py  concepts and regions to labels
    statuses.py   the reaction to each status of Clarifai and gRPC
"""

from classifiers.clarifai.options import ClarifaiOptions

__all__ = ["ClarifaiOptions"]
