"""The stored tables that publish computes from the others, as far as these changed since it last did.

    refresh.py              the derived tables in their order; publish calls it
    portions.py             ranges of posts that a complete computation takes one after the other
    changes.py              which rows of the other tables changed since then
    latest_observations.py  the last known counts of each post
    post_counts.py          each post with its account, time and counts
    post_labels.py          the labels of each post, with its counts
    label_portions.py       labels by portion of posts, for a complete computation
    label_sums.py           sums over the posts of each account with a label
    embedding_codes.py      the short codes of the embeddings
    near_duplicates.py      pictures that nearly equal one that the account posted before

`warehouse/schema/derived_tables.py` declares them. A complete computation gives the same rows, and follows when the files do
not tell what changed: after a removal, a new version of a classifier, other groups, or a publish that was cut off.
"""
