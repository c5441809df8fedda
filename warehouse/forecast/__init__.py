"""What was known of posts before they were posted, for forecasts.

    posts.py     posts, counts and labels from the published database
    history.py   the counts that were known of each post at each time
    levels.py    the usual count of an account at a time
    features.py  what is known of a post before it is posted, as numbers; to add a feature, open it
    stored_labels.py  labels of pictures that are stored already

Counts are log(1 + count), and times seconds in UTC.
"""
