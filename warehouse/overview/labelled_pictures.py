"""Stored pictures by their labels, from the published database. A label is written `hotdog` or `objects:hotdog`."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.home import Home
from warehouse.published import published

_HAS_LABEL = """
    (classifier, label) in (
        select classifier, label from current_labels left join label_groups using (classifier, label)
        where $label in (label, label_group)
           or (classifier = split_part($label, ':', 1)
               and substr($label, strpos($label, ':') + 1) in (label, label_group)))"""


def pictures_with_label(home: Home, label: str, limit: int) -> list[str]:
    """Paths, relative to the home folder, of the pictures with the label or group. Raises `NotPublished`."""
    query = f"""select path from pictures where sha256 in (select sha256 from current_labels where {_HAS_LABEL})
                order by sha256 limit $limit"""
    with published(home) as database:
        return [path for (path,) in database.execute(query, {"label": label, "limit": limit}).fetchall()]


def pictures_without_labels(home: Home, labels: Sequence[str], limit: int) -> list[str]:
    """Paths of pictures that the classifiers of these labels have labelled otherwise, an arbitrary choice of `limit`."""
    having, able = [], []
    values: dict[str, object] = {"limit": limit}
    for number, label in enumerate(labels):
        has = _HAS_LABEL.replace("$label", f"$label{number}")
        having.append(f"sha256 not in (select sha256 from current_labels where {has})")
        able.append(f"select classifier from current_labels where {has}")
        values[f"label{number}"] = label
    query = f"""select path from pictures
                where sha256 in (select sha256 from current_labels where classifier in ({" union ".join(able)}))
                  and {" and ".join(having)} order by sha256 limit $limit"""
    with published(home) as database:
        return [path for (path,) in database.execute(query, values).fetchall()]
