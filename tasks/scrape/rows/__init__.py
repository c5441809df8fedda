"""The kinds `jsonl` and `table`: posts that another program has written, in our schema.

jsonl.py          the kind `jsonl`: its settings and its lines
table.py          the kind `table`: its settings and its file formats
source.py         what both kinds share, with the files that the settings name
columns.py        the columns of a table as fields of the schema
csv_rows.py       the rows of a CSV file
parquet.py        the rows of a Parquet file
cells.py          a row of the file as values for the schema
evidence.py       the columns of a file decide what ambiguous counts and ids mean
identity.py       ids and account names, and how damaged ones are detected
picture_cells.py  several addresses in one text
posts.py          one row as a post or as the account's numbers
schema.py         the schema, version 1: the fields of a post, a comment and an account
validation.py     validates one row against the schema
pictures.py       the pictures of a row: web addresses, or files beside the rows' file
file_reader.py    reads the rows of each file; a bad row costs only itself
comments.py       a table of comments, looked up by post
"""
