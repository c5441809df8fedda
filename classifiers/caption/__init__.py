"""The kind `caption`: one sentence on each picture, and labels, from a server with the OpenAI chat interface.

It has no `load`, because pictures leave the process and may cost money: the stage `tag` sends them and keeps the
ledger. This package has what concerns the chat interface alone:

    options.py       the settings
    address.py       base_url: what is allowed, and whether the server is on this machine or a private network
    prompt.py        what the server is asked for, and the version that follows from it
    payload.py       a stored picture to the JPEG that is sent
    request_form.py  the body of a request, and simpler ones for servers that refuse a part of it
    client.py        requests, each with a deadline
    reactions.py     the reaction to each HTTP status
    responses.py     a response to a sentence and labels, or the error
    plain_text.py    a model's text as one clean sentence
    content_words.py labels from a list of a model, or from a sentence
    singular.py      English plurals to singulars, where that is safe
    languages.py     names of languages, and their most frequent words; recognises a wrong language
"""

from classifiers.caption.options import CaptionOptions

__all__ = ["CaptionOptions"]
