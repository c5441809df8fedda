"""Storing what a source showed: posts, their pictures' addresses, observations and account sizes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from warehouse.lake import Lake
from warehouse.tables import AccountObservation, Observation, Post, PostPicture


@dataclass(frozen=True, slots=True)
class Seen:
    """One post as a page showed it, with its counts at that time."""

    post: Post
    observation: Observation
    pictures: tuple[PostPicture, ...]


def store_seen(lake: Lake, seen: Sequence[Seen], accounts: Sequence[AccountObservation] = ()) -> int:
    """Store a batch; storing it again changes nothing. Returns how many posts the batch has.

    Observations come last: a post that has one has everything else too.
    """
    lake.upsert([one.post for one in seen], keep=["first_seen_at"])
    lake.upsert(_with_known_hashes(lake, [picture for one in seen for picture in one.pictures]))
    lake.append(accounts)
    lake.append([one.observation for one in seen])
    return len(seen)


def _with_known_hashes(lake: Lake, pictures: Sequence[PostPicture]) -> list[PostPicture]:
    """Keep what is known of pictures whose address changed in its signature only.

    Signed addresses change every few days while the path stays; a picture at the same place in the
    same post and under the same path is the same picture, and is not fetched again.
    """
    known = _known(lake, pictures)
    result = []
    for picture in pictures:
        before = known.get((picture.source, picture.post_id, picture.position))
        if before is not None and _path(before[0]) == _path(picture.picture_url):
            result.append(replace(picture, sha256=before[1]))
        else:
            result.append(picture)
    return result


def _known(lake: Lake, pictures: Sequence[PostPicture]) -> dict[tuple[str, str, int], tuple[str, str | None]]:
    sources = sorted({picture.source for picture in pictures})
    posts = sorted({picture.post_id for picture in pictures})
    with lake.reader() as reader:
        rows = reader.execute(
            """select source, post_id, position, picture_url, sha256 from post_pictures
               where list_contains(?, source) and post_id in (select unnest(?))""",
            [sources, posts],
        ).fetchall()
    return {(source, post_id, position): (url, sha256) for source, post_id, position, url, sha256 in rows}


def _path(url: str) -> str:
    return urlsplit(url).path
