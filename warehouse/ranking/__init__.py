"""Which labels earn likes: rankings as Polars frames from the published database.

    rankings.py          the rankings
    ranking_query.py     what a ranking is about, and which posts count; to add an option, open it
    labelled_classifiers.py  which classifiers have labels
    within.py            which posts have the label that a ranking is within
    measures.py          the numbers of a post that labels are ranked by; to add one, open it
    plain_statistics.py  the statistics other than lift; to add one, open it
    lift/                the method of lift: intervals, pairs, comparable age
    lift_rankings.py     the rankings by lift
    lift_changes.py      risers and fallers: a period against the one before
    label_overlap.py     how far two labels are on the same posts
    posting_lifts.py     the lifts of kinds, weekdays and hours
    recent_lifts.py      pairs and changes for the report, from posts read once
    comment_lifts.py     the lifts of what people say, all measures together, for the report
    topic_lifts.py       which topics of comments come with which labels
    comment_coverage.py  how many comments were read and measured
    post_parts.py        the rankings of each account and of the last days, planned and ranked together
    comparable_ages.py   the age from which posts of a source count
    newest_posts.py      the day from which the newest posts are, where there are many
    comparable_posts.py  which posts a ranking counts or compares, and how many it leaves out
    past.py              the database as it was known at the end of a past day
    empty_rankings.py    why a ranking is empty

SQL macros and Polars give the same numbers; tests compare them.
"""
