"""The kind `gallery`: a web site that shows an account's posts page by page, described by a profile.

source.py   its settings
profile.py  what a profile may say
profiles/   those that come with likelens
extract.py  from a page to its posts
walk.py     from page to page
"""
