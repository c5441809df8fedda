"""The kind `mastodon`: an account on a Mastodon or Pixelfed server, read through their common client API.

source.py    its settings
adapter.py   from the account's look-up through its statuses to the threads of comments
pager.py     the address of the next page of statuses
statuses.py  a response as posts
thread.py    a post's context as comments
text.py      the HTML of a status as plain text
refusals.py  the meaning of a response with another status than 200, and the server's rate limits
"""
