"""The pictures that are most typical of a label: those with the highest scores, from the published database."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb


@dataclass(frozen=True, slots=True)
class TypicalPicture:
    """A picture of a label that `posts` posts have, and one of its posts; unknown numbers are None."""

    label: str
    posts: int
    sha256: str
    path: str
    post_url: str
    likes: int | None
    comments: int | None


_QUERY = """
    with labelled as (
        select label, sha256, source, post_id, score, likes, comments, count(*) over (partition by label) as posts
        from post_labels where classifier = $1),
    largest as (select label from labelled group by label order by count(*) desc, label limit $2),
    once as (from labelled semi join largest using (label)
             qualify row_number() over (partition by label, sha256 order by source, post_id) = 1)
    select label, posts, sha256, path, url, likes, comments
    from once join (select source, post_id, url from posts) using (source, post_id)
    join (select sha256, path from pictures) using (sha256)
    qualify row_number() over (partition by label order by score desc, sha256) <= $3
    order by posts desc, label, score desc, sha256
"""


def typical_pictures(
    database: duckdb.DuckDBPyConnection, classifier: str, labels: int, pictures: int
) -> list[TypicalPicture]:
    """The most typical pictures of the labels with most posts, each picture once, by label and best first."""
    rows = database.execute(_QUERY, [classifier, labels, pictures]).fetchall()
    return [TypicalPicture(*row) for row in rows]
