"""The condition that a post has a label: rankings within it, by the command and in SQL, count only such posts."""

from __future__ import annotations


def has_label(classifier: str, label: str) -> str:
    """The condition on `source` and `post_id`; `classifier` and `label` are SQL expressions of the ranked one and the label.

    It is a label or group of the classifier, or else of another one: a name has no colon, so `food:hotdog` is the label
    hotdog of the classifier food, and `hotdog` alone is that of a classifier hotdog.
    """
    own = f"classifier = {classifier} and {label} in (label, label_group)"
    other = f"""classifier = split_part({label}, ':', 1)
             and substr({label}, strpos({label}, ':') + 1) in (label, label_group)
             and not exists (select 1 from post_labels where {own})"""
    return f"""(source, post_id) in (select (source, post_id) from post_labels
                                   where ({own}) or ({other}))"""
