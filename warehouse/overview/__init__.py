"""Queries of commands and pages that sum up what is stored.

    status.py     queries of `likelens status`
    summary.py    queries of the report beside its rankings
    comment_summary.py  what the report says about comments
    account_levels.py  likes of accounts over time
    like_growth.py  share of the final likes by the age of a post
    night.py      what is new since a run began
    comparing.py  comparison of two classifiers, or of all pairs
    pair_tables.py  what all pairs need, computed once
    label_pictures.py     the best, typical and worst pictures of labels
    labelled_pictures.py  stored pictures by their labels
    known_names.py        names that a shell completes, and accounts by their name
    forecast_scores.py    how forecasts did against what came
    forecast_outcomes.py  the same for the posts of a report, and each forecast beside what came
    candidate_forecasts.py  the latest forecasts of pictures that are not posted yet

They read the published database, or the lake where it must be fresh.
"""
