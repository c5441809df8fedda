"""What the kinds of source share that are files on this machine.

source.py     what such a source answers about itself
documents.py  a JSON file, plain or compressed, as a value: hostile ones too
lines.py      a file of lines, plain or compressed, with the number of each
values.py     out of such a value: texts, counts and times, with a problem for each that can't be read
pictures.py   a picture beside it, as a `file:` address
repeats.py    two rows with one key and other contents
paging.py     what one file or line gave, many of them as pages
"""
