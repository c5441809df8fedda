"""The kinds `jsonl` and `table`: posts that any other program has written, in our schema.

jsonl.py     the kind `jsonl`: its settings and its lines
table.py     the kind `table`: its settings and its forms of file
source.py    what both share
columns.py   a table's columns as our fields
csv_rows.py  the rows of a CSV file
parquet.py   the rows of a Parquet file
cells.py     a row as its file has it, as values for the schema
evidence.py  what a file's columns tell about counts and ids that may mean two things
identity.py  ids and names of accounts, and which of them are damaged
several.py   several addresses in one text
posts.py     one row to a post, or to an account's numbers
schema.py    the schema, version 1: what a post, a comment and an account may say
checking.py  one row against the schema, with errors in words
pictures.py  a row's pictures: web addresses, or files beside the rows' file
reading.py   rows to posts, file by file; a bad one costs only itself
paths.py     which files the settings name
comments.py  a table of comments, looked up by post
"""
