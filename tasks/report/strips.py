"""The strips of pictures behind labels: the best, typical and worst ones, and no post under many labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import duckdb

from tasks.report.content import Example, Strip
from tasks.thumbnails import Thumbnails
from warehouse.overview.label_pictures import PlacedPicture, label_pictures
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.records.captions import current_captions

MAX_CANDIDATES = 6
"""Pictures of each place that are read, so that a label has another one where the first is already shown."""
_ORDINALS = ("", "2nd ", "3rd ", *(f"{place}th " for place in range(4, MAX_CANDIDATES + 1)))


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture and its place, in words."""

    place: str
    picture: PlacedPicture


def label_strips(
    database: duckdb.DuckDBPyConnection,
    thumbnails: Thumbnails,
    question: RankingQuery,
    labels: Sequence[str],
    anchor: str,
) -> tuple[Strip, ...]:
    """A strip for each label that has a picture, in this order; `anchor` begins the names of the page's anchors."""
    found = label_pictures(database, question, labels, MAX_CANDIDATES)
    by_label = {label: list(pictures) for label, pictures in groupby(found, key=lambda one: one.label)}
    chosen = choose_pictures({label: by_label[label] for label in labels if label in by_label})
    pictures = {one.picture.sha256: one.picture.path for shown in chosen.values() for one in shown}
    sources = thumbnails.sources(pictures.items())
    sentences = current_captions(database, list(pictures), question.classifier)
    # Labels without any other pictures share a strip, such as those of a classifier that gives both to the same pictures.
    sharing: dict[frozenset[str], list[str]] = {}
    for label, shown in chosen.items():
        sharing.setdefault(frozenset(one.picture.sha256 for one in shown), []).append(label)
    return tuple(
        Strip(
            tuple(some), f"{anchor}-{number}", tuple(_examples(some[0], chosen[some[0]], sources, sentences))
        )
        for number, some in enumerate(sharing.values(), start=1)
    )


def choose_pictures(candidates: Mapping[str, Sequence[PlacedPicture]]) -> dict[str, list[ShownPicture]]:
    """Of each label two of the best pictures, a typical one, and two of the worst, in this order.

    A post or picture of an earlier label is taken only where the label has no other for that place.
    """
    used: set[tuple[str, str] | str] = set()
    strips: dict[str, list[ShownPicture]] = {}
    for label, pictures in candidates.items():
        strip: list[ShownPicture] = []
        for order in ("from_best", "from_worst", "from_middle", "from_best", "from_worst"):
            shown = [one.picture for one in strip]
            near = sorted((one for one in pictures if one not in shown), key=lambda one: getattr(one, order))
            near = [one for one in near if getattr(one, order) <= MAX_CANDIDATES]
            posts = {(one.source, one.post_id) for one in shown}
            # A carousel has several pictures of one post.
            near = [one for one in near if (one.source, one.post_id) not in posts]
            free = [one for one in near if (one.source, one.post_id) not in used and one.sha256 not in used]
            if picture := next(iter(free or near), None):
                place = "typical" if order == "from_middle" else _place(picture)
                strip.append(ShownPicture(place, picture))
        strip.sort(key=lambda one: one.picture.from_best)
        strips[label] = strip
        used |= {(one.picture.source, one.picture.post_id) for one in strip}
        used |= {one.picture.sha256 for one in strip}
    return strips


def _place(picture: PlacedPicture) -> str:
    """Its place from the nearer end, in words."""
    if picture.from_best <= picture.from_worst:
        return f"{_ORDINALS[picture.from_best - 1]}best"
    return f"{_ORDINALS[picture.from_worst - 1]}worst"


def _examples(
    label: str,
    shown: Iterable[ShownPicture],
    sources: Mapping[str, str | None],
    sentences: Mapping[str, str],
) -> Iterable[Example]:
    for one in shown:
        picture = one.picture
        yield Example(
            label,
            sources[picture.sha256],
            picture.post_url,
            None,
            picture.likes,
            picture.comments,
            sentences.get(picture.sha256),
            picture.posted_at,
            one.place,
        )
