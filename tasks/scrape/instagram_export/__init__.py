"""The kind `instagram_export`: the JSON that Instagram gives an account's owner to download.

source.py   its settings, and the way through its files
layout.py   where the files lie in exports of several years
entry.py    from an entry of such a file to a post
encoding.py texts as Instagram writes them there, mended
"""
