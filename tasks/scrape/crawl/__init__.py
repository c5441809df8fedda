"""Crawling: Scrapy in a process of its own, along the walk that a kind of source brings.

site_adapter.py         what a kind of source brings; to add one that is read over HTTP, open it
response_values.py      JSON answers of interfaces, read with distrust
one_page.py     one page alone, to try a profile on
source.py       a source that is a walk on a host
pasted.py       addresses in settings that want a server or an account's name
process.py      the run's side of a crawl
child.py        the crawl's own process
messages.py     what the two say to each other
spider.py       asks page after page
middlewares.py  delays, robots.txt, Retry-After, the source's own host only
sending.py      the address as it is sent
exact.py        requests and redirects with exactly that address
failures.py     what a request that went wrong means
"""
