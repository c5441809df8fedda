"""The kind `gallery`: a web site that shows an account's posts page by page, described by a profile.

source.py          its settings
adapter.py         crawls from page to page

The language of profiles:

profile.py         tables and keys; to add a key, open it
profiles/          the built-in profiles
selector_types.py  selectors: where a value is, and how to read it
selectors.py       compiles CSS, XPath and JMESPath
embedded_json.py   the JSON of a page that a script draws
dates.py           forms of dates
numbered.py        numbered pages: their addresses and numbers
pager.py           finds the next page: by a link, a cursor, or a number

From a page to its posts:

document.py        parses a page
fields.py          reads fields one by one, and collects what can't be read
extract.py         reads a page of posts
posts.py           reads its posts, and checks for what every page has
advertisements.py  finds advertisements among posts
identity.py        whose page it is
detail.py          reads a post page
thread.py          reads its comments
addresses.py       absolute addresses, and which of them are on the site

To try a profile:

check.py           what it finds on a page, key by key
saved.py           saved pages
"""
