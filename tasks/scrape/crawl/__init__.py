"""Crawling: Scrapy in its own process, with the site adapter of a kind of source.

site_adapter.py     the base class of site adapters; to add a kind that is read over HTTP, open it
response_values.py  JSON responses of interfaces, read with distrust
one_page.py         one page alone, to try a profile on
source.py           a source that is read over HTTP
pasted.py           addresses pasted into settings for a server or an account's name
process.py          the run's side of a crawl
child.py            the crawl's own process
messages.py         what the two send each other, and the process's end of the connection
spider.py           requests page after page
history.py          what was read so far: new posts, and the end of the pages
middlewares.py      delays, robots.txt, Retry-After, the source's own host only
sending.py          the address as it is requested
exact.py            requests and redirects with exactly that address
failures.py         the errors for failed requests
"""
