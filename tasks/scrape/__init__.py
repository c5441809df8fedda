"""The stage scrape: it reads an account's posts from their source.

task.py        the Prefect task
stage.py       one source: its pages into the spool, then into the lake
probing.py     a source's first page only, not stored, to check what a run will meet
options.py     how sources are read, from the settings
stop_policy.py whether to stop after a page, and which posts' own pages to read
pseudonyms.py  replaces the names of comments' authors
storing.py     from the spool into the lake
abandoned.py   spools of runs that were interrupted and not resumed
contract.py    what a source gave, and what it must still give
gap_report.py  posts whose own page could not be read
coverage.py    how far a reading got, to find posts that are gone
sources.py     the kinds of source; to add one, open it
model.py       the base classes of sources and of their settings
gallery/       the kind `gallery`: a web site, described by a profile
mastodon/      the kind `mastodon`: an account on a Mastodon or Pixelfed server
graph/         the kind `graph`: an Instagram account, through Instagram's own Graph API
instaloader/   the kind `instaloader`: a folder that Instaloader has downloaded posts to
rows/          the kinds `jsonl` and `table`: posts that any other program has written
files/         what all sources share that are files on this machine
crawl/         what all sources share that are read over HTTP
pages.py       pages of posts, posts, comments
read_context.py  what the run passes to a source, and its decision after each page
values/        values that strangers wrote: counts, times, text, addresses, JSON
politeness.py  the delay between requests, and the user agent
spool.py       pages on disk until the crawl has ended
"""
