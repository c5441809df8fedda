"""How far two labels are on the same posts, from the published database: such labels say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

MAX_HASHES = 1000
"""So many posts with a label are compared: those with the smallest hashes. Up to so many posts the overlap is exact."""

_QUERY = f"""
    with named as (select unnest($1) as number, unnest($2) as classifier, unnest($3) as label, unnest($4) as grouped),
    labelled as (
        select distinct number, source, post_id from post_labels join named
        on post_labels.classifier = named.classifier
           and named.label = case when grouped then label_group else post_labels.label end)
    select number, min(hash(source, post_id), {MAX_HASHES}) from labelled group by number
"""


@dataclass(frozen=True, slots=True)
class NamedLabel:
    """A label of a classifier; with `grouped` the plain word for a group."""

    classifier: str
    label: str
    grouped: bool = False


class Overlaps:
    """The overlap of any two of some labels: the posts with both, as a share of the posts with either (0 to 1).

    Above `MAX_HASHES` posts it is estimated from the smallest hashes (Broder, A. (1997), 'On the resemblance and
    containment of documents'), so that memory does not grow with the posts. Posts of all accounts and times count.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, labels: Sequence[NamedLabel]) -> None:
        columns = (
            list(range(len(labels))),
            [one.classifier for one in labels],
            [one.label for one in labels],
            [one.grouped for one in labels],
        )
        rows = database.execute(_QUERY, columns).fetchall() if labels else []
        self._hashes = {labels[number]: frozenset(hashes) for number, hashes in rows}

    def share(self, one: NamedLabel, other: NamedLabel) -> float:
        """The overlap of two of the labels; 0 where no post has either."""
        ones, others = (self._hashes.get(label, frozenset()) for label in (one, other))
        smallest = sorted(ones | others)[:MAX_HASHES]
        return sum(value in ones and value in others for value in smallest) / max(1, len(smallest))
