"""The kind `instaloader`: a folder that Instaloader has downloaded posts to.

source.py    its settings, and the way through its files
listing.py   the JSON files of a folder, in an order that stays
reading.py   one JSON file, and the files beside it
owners.py    whose a post is: owners' numbers, and posts of several profiles
post.py      from a JSON file's node to a post
pictures.py  a post's pictures: files beside its JSON, else addresses
comments.py  its comments and their answers
"""
