"""The kind `mastodon`: an account on a Mastodon or Pixelfed server, read by their common client API.

source.py    its settings
adapter.py      from the look-up of the account along its statuses, and to the threads of comments
pager.py     where a page of statuses leads on
statuses.py  from an answer to posts
thread.py    from a post's context to its comments
text.py      from the HTML of a status to plain text
refusals.py  what an answer with another status than 200 means, and how long the server wants us to wait
"""
