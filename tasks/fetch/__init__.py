"""The stage fetch: pictures into the content store.

task.py        the Prefect task
fetching.py    batches, many at once, tries and their rows
download.py    one picture's way in: followed, streamed with a cap, hashed, checked
local.py       a picture that is a file on this machine
addresses.py   which addresses may be asked
store.py       where pictures lie, and what is a picture
reasons.py     why one failed, and when it is tried again
"""
