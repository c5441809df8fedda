"""The kind `instaloader`: a folder that Instaloader has downloaded posts to.

source.py         its settings, and the loop over its files
listing.py        the JSON files of a folder, in a stable order
folder_reader.py  one JSON file, and the files beside it
owners.py         the owner of a post: profile numbers, and posts of several profiles
post.py           the node of a JSON file as a post
pictures.py       a post's pictures: files beside its JSON, or addresses in it
comments.py       its comments and their replies
"""
