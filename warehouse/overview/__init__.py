"""Queries of commands and pages that sum up what is stored.

    status.py     queries of `likelens status`
    summary.py    queries of the report beside its rankings
    comparing.py  comparison of two classifiers
    labelled_pictures.py  stored pictures by their labels
    known_names.py        names that a shell completes

They read the published database, or the lake where it must be fresh.
"""
