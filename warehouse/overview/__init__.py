"""Queries of commands and pages that sum up what is stored.

    status.py     queries of `likelens status`
    summary.py    queries of the report beside its rankings
    night.py      what is new since a run began
    comparing.py  comparison of two classifiers
    labelled_pictures.py  stored pictures by their labels

They read the published database, or the lake where it must be fresh.
"""
