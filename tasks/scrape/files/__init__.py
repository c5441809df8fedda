"""What the kinds of source share that are files on this machine.

source.py       the base class of such a source
documents.py    a JSON file, plain or compressed, as a value; hostile files too
lines.py        the numbered lines of a file, plain or compressed
local_files.py  files inside a source's folder; a picture as a `file:` address
seen_keys.py    detects two rows with one key and different contents
paging.py       groups the items of files or lines into pages
"""
