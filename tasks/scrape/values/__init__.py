"""Values that strangers wrote, read by one set of rules for every kind of source.

counts.py     counts as people and programs write them
times.py      times as they write them, and the years that they may lie in
text.py       text that tables can store, ids, and values as a message shows them
addresses.py  web addresses
json_text.py  JSON, and the values in it
markup.py     HTML as text with the line breaks that a browser shows
fields.py     several fields of one thing, with a problem for each that can't be read
"""
