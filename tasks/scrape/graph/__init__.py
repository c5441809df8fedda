"""The kind `graph`: a professional Instagram account, through the Graph API's business discovery.

source.py  its settings
adapter.py    from page to page, with the token in the address
fields.py  what is asked for
media.py   from an answer to posts
errors.py  error codes, as what to do
usage.py   how much of the limits is used up
"""
