"""The day from which the newest posts are, where there are more than a ranking compares.

What reads the posts of a large home folder leaves out the older ones by this day before it joins tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb

MAX_COMPARED_POSTS = 1_000_000
"""The newest posts that a ranking by lift compares: some 6 million label rows, of which the estimate needs 0.8 GB."""


@dataclass(frozen=True, slots=True)
class NewestPosts:
    """How many posts there are, and the day on or after which the newest were posted; None: all may be among them."""

    total: int
    since: date | None = None

    @property
    def condition(self) -> str:
        """An SQL condition on `posted_at`."""
        return "true" if self.since is None else f"posted_at >= date '{self.since.isoformat()}'"


def find_newest(
    connection: duckdb.DuckDBPyConnection, posts: str, values: Mapping[str, object], most: int
) -> NewestPosts:
    """Count the posts of a query with the column `posted_at`, and find the day since which the newest `most` are."""
    days = connection.execute(
        f"select posted_at::date as day, count(*) from ({posts}) group by day order by day desc nulls last",
        dict(values),
    ).fetchall()
    total, newest = sum(count for _, count in days), 0
    for day, count in days:
        newest += count
        if newest >= most:
            # An infinite time, or none, is no day: then all are chosen from.
            return NewestPosts(total, day if isinstance(day, date) else None)
    return NewestPosts(total)


def stored_posts(connection: duckdb.DuckDBPyConnection) -> int:
    """The number of all posts, by the descriptions of the files."""
    [(number,)] = connection.execute("select count(*) from posts").fetchall()
    return int(number)
