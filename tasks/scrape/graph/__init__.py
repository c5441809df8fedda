"""The kind `graph`: a professional Instagram account, through the Graph API's business discovery.

source.py   its settings
adapter.py  the crawl from page to page, with the token in the address
fields.py   the fields of a request
media.py    a response as posts
errors.py   error codes as errors that say what to do
usage.py    how much of the rate limits is used
"""
