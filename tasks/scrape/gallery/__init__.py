"""The kind `gallery`: a web site that shows an account's posts page by page, described by a profile.

source.py     its settings
adapter.py       from page to page

What a profile may say:

profile.py    its tables; to add a key, open it
profiles/     those that come with likelens
selector_types.py      where something stands, and finding it there
selectors.py     selectors, compiled
embedded_json.py      the JSON of a page that a script draws
dates.py      forms of dates
numbered.py   pages that are counted
pager.py      ways to the next page

From a page to its posts:

document.py   a page parsed
fields.py     one field after the other, and what can't be read
extract.py    a page of posts
entries.py    what a page's JSON tells of posts in its elements
plausibility.py      what every page has
identity.py   whose page it is
advertisements.py  what in a list is no post
walls.py      login forms and checks for robots in place of a page
detail.py     a post's own page
thread.py     its comments
addresses.py  addresses, and which of them are on the site
messages.py   what is said when a page does not fit

To try a profile:

check.py      what it finds on a page, field by field
saved.py      pages that someone saved
"""
