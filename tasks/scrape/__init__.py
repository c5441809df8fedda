"""The stage scrape: an account's posts, read page by page from wherever they are shown.

task.py        the Prefect task
reading.py     one source: pages into the spool, then into the lake
sources.py     the kinds of source; to add one, open it
gallery.py     the kind `gallery`: a web site, described by a profile
profile.py     what a profile may say; profiles/ has those that come with likelens
extract.py     from a page to its posts, with counts.py for numbers; pages.py has the result's types
crawl.py       the run's side of a crawl; child.py and spider.py its own process, messages.py between them
politeness.py  delays, robots.txt, Retry-After
spool.py       pages on disk until the crawl has ended
"""
