"""The first settings of `likelens init`: from three answers to a commented `likelens.toml` that runs.

places.py              what an answer names: an address or a path, and the kind of source that reads it
sources.py             the table of the source, by its kind
source_draft.py        a source's table as it will be written, and what to do besides
preview.py             the first posts of files: how many, of which accounts, and what is wrong
columns.py             the columns of a CSV or Parquet file as fields
classifier_choices.py  the classifiers to choose from: what each costs and needs
classifier_drafts.py   the tables of the chosen classifiers
questions.py           a question, and who answers it: an option, a person, or nobody
rendering.py           the text of the file
toml_text.py           values as TOML
writing.py             checks the text and writes the file, complete or not at all

Nothing here sends a request: `likelens doctor` does.
"""
