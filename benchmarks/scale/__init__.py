"""Ten thousand accounts with 100 million pictures in a year: requests, bytes, tables, files, money, and the first limit.

    rates.py     what happens in a night, and what it costs: every assumption, with its source
    nights.py    writes a real lake night by night, as the stages do, and counts what that took
    model.py     a year from the small lakes that were written, by the layout rules of the lake's own code
    limits.py    what many files cost: listing a table, opening the published database, a reader
    batches.py   one more batch of pictures, fetches and labels on top of many rows
    __main__.py  the tables in Markdown, and the model beside a larger lake that it did not see

`python -m benchmarks.scale` writes lakes of 100 and of 1,000 pictures a night and compares what the model says of one of
5,000 with the real one. `--limits` measures many files.
"""
