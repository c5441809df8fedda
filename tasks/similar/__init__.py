"""The picture that `likelens similar` compares with the stored ones: its file, and its embedding.

fetching.py    a picture at an address, fetched under the rules of the stage fetch
embedding.py   the embedding of a picture's file

Neither stores anything in the home folder.
"""
