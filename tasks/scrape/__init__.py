"""The stage scrape: an account's posts, read wherever they are shown.

task.py        the Prefect task
stage.py     one source: its pages into the spool, then into the lake
probing.py     a source's first page only, and not stored: what a run will meet there
options.py      how sources are read, from the settings
stop_policy.py     whether to read on after a page, and which posts' own pages are wanted
pseudonyms.py  comments without their authors' names
storing.py     from the spool into the lake
abandoned.py   spools of runs that were interrupted and not resumed
contract.py    what a source gave, and what it must go on giving
gap_report.py  posts whose own page could not be read
coverage.py      how far a reading got, so which posts are gone
sources.py     the kinds of source; to add one, open it
model.py       what the settings of every kind have in common
gallery/       the kind `gallery`: a web site, described by a profile
mastodon/      the kind `mastodon`: an account on a Mastodon or Pixelfed server
graph/         the kind `graph`: an Instagram account, through Instagram's own Graph API
instaloader/   the kind `instaloader`: a folder that Instaloader has downloaded posts to
instagram_export/  the kind `instagram_export`: what Instagram gives an account's owner to download
rows/          the kinds `jsonl` and `table`: posts that any other program has written
files/         what all sources that are files on this machine share
crawl/         what all sources that are read over HTTP share: a walk, and a process that goes along it
pages.py       what a source shows: pages, posts, comments
read_context.py       one reading of a source: what it needs, and what is decided after each page
lines.py       text with the line breaks that a browser shows
counts.py      numbers as people and programs write them
times.py       times as they write them, and the years that they may lie in
politeness.py  what a host may expect of us
spool.py       pages on disk until the reading has ended
"""
