"""The stage fetch: pictures into the content store.

task.py        the Prefect task
stage.py    the stage: what waits, and how it ended
pipeline.py    many at once, in bounded memory, each picture with its tries
hosts.py       how much each host is asked for at once, and when it is left in peace
processes.py   downloads in several processes; child.py is one of them, messages.py what is said between
download.py    one try: asked for, followed, streamed with a cap; attempt.py is how it ended
body.py        what comes, in memory while it is small
local.py       a picture that is a file on this machine
store.py       where pictures lie, and what is a picture
truncation.py       whether a picture's file has its end
signatures.py  what a file is that is no picture, by its first bytes
results.py     rows on their way into the lake
addresses.py   which addresses may be asked
reasons.py     why one failed; retry_schedule.py when it is tried again

What a downloading process loads (download.py and below) knows nothing of the lake.
"""
