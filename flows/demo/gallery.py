"""The posts of an account as the demo's server shows them, and the demo's own account.

Likes, comments, captions, places and the account are INVENTED (see `counts` for the planted effects);
the photographs are real.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from flows.demo import counts, photographs, words
from flows.demo.comments import invent_comment
from flows.demo.photographs import SUBJECTS, Subject

INVENTED_NOTE = (
    "This is a demo. The account, its captions, places, likes and comments are invented; "
    "nobody liked or discussed these pictures. The photographs are real."
)

Kind = Literal["image", "video", "carousel"]

# How often each subject occurs in twenty posts. The most posted subject is neither the most liked nor the most
# discussed, so the rankings by count, likes and comments have different winners.
DECK = {
    "coffee": 5,
    "cat": 2,
    "flower": 2,
    "pagoda": 2,
    "motorcycle": 2,
    "rocket": 2,
    "galaxies": 2,
    "astronaut": 1,
    "photographer": 1,
    "coins": 1,
}
THREAD_SHOWN = 12  # a post's page shows its first few comments


@dataclass(frozen=True, slots=True)
class GalleryComment:
    """A comment as a post's page shows it."""

    author: str
    text: str


@dataclass(frozen=True, slots=True)
class GalleryPost:
    """A post as the gallery shows it.

    `posted_at` is aware and in UTC. `likes` and `comments` are None if the gallery does not show them. `pictures` are
    URLs or URL paths; a video has none. `thread` has the comments on the post page.
    """

    post_id: str
    kind: Kind
    posted_at: datetime
    caption: str | None
    place: str | None
    likes: int | None
    comments: int | None
    pictures: tuple[str, ...]
    thread: tuple[GalleryComment, ...] = ()


@dataclass(frozen=True, slots=True)
class Gallery:
    """An account with its posts, newest first, shown `page_size` to a page (none where it is private)."""

    account: str
    user_id: str
    full_name: str
    posts: tuple[GalleryPost, ...]
    followers: int | None
    following: int | None
    page_size: int = 12
    private: bool = False


class Album(Mapping[str, bytes]):
    """Picture bytes by URL path; a picture is developed at its first access."""

    def __init__(self, recipes: Mapping[str, tuple[Subject, int]]) -> None:
        self._recipes = dict(recipes)

    def __getitem__(self, path: str) -> bytes:
        return photographs.vary(*self._recipes[path])

    def __iter__(self) -> Iterator[str]:
        return iter(self._recipes)

    def __len__(self) -> int:
        return len(self._recipes)


def demo_gallery(
    posts: int = 60,
    seed: int = 7,
    run: int = 0,
    since: datetime = datetime(2026, 1, 5, tzinfo=UTC),
    account: str = "likelens_demo",
) -> tuple[Gallery, Mapping[str, bytes]]:
    """Return the demo's account in a run, and its pictures' bytes by URL path. All counts are INVENTED.

    One post a day from `since` on. The same arguments give the same gallery. In a later run likes and comments are
    never fewer; with more `posts`, newer ones join the same older ones. Raises `ValueError` for a run below 0.
    """
    recipes: dict[str, tuple[Subject, int]] = {}
    made: list[GalleryPost] = []
    for number in range(posts):
        subject = _subject(number, seed)
        shots = _shots(number, subject, seed)
        recipes.update(shots)
        posted_at = since + timedelta(days=number, seconds=_rng(seed, number, "time").randrange(86_400))
        share = counts.share_of_final(newer=posts - 1 - number, run=run)
        made.append(_post(number, seed, posted_at, share, shots))
    user_id = str(_rng(seed, "user").randrange(10_000_000, 100_000_000))
    gallery = Gallery(account, user_id, "The likelens demo", tuple(reversed(made)), 48_210, 312)
    return gallery, Album(recipes)


def _rng(seed: int, *what: object) -> random.Random:
    """Return a random generator for one purpose, so that no number depends on the draw of another."""
    return random.Random(":".join(map(str, (seed, *what))))


def _subject(number: int, seed: int) -> Subject:
    deck = [name for name, share in DECK.items() for _ in range(share)]
    turn, card = divmod(number, len(deck))
    _rng(seed, "deck", turn).shuffle(deck)
    return next(subject for subject in SUBJECTS if subject.name == deck[card])


def _kind(number: int) -> Kind:
    # By number, not by chance, so that a gallery of a dozen posts has every kind.
    if number % 17 == 5:
        return "video"
    return "carousel" if number % 8 == 3 else "image"


def _post_id(number: int, seed: int) -> str:
    """Return nineteen digits that grow with the number, as Instagram's do."""
    return str(_rng(seed, "id").randrange(10**18, 2 * 10**18) + number * 62_300_000_000_000)


def _shots(number: int, subject: Subject, seed: int) -> dict[str, tuple[Subject, int]]:
    """Return a post's pictures by URL path: none for a video, 2 to 4 for a carousel."""
    kind = _kind(number)
    count = {"video": 0, "image": 1, "carousel": 2 + number // 8 % 3}[kind]
    rng = _rng(seed, number, "pictures")
    paths = (f"/pictures/{_post_id(number, seed)}_{position}.jpg" for position in range(count))
    return {path: (subject, rng.randrange(2**32)) for path in paths}


def _post(
    number: int, seed: int, posted_at: datetime, share: float, shots: Mapping[str, tuple[Subject, int]]
) -> GalleryPost:
    """Return one post with `share` of its final counts. Missing fields depend on the number, as in `_kind`."""
    subject = _subject(number, seed)
    cover = next(iter(shots.values()), None)
    lightness = photographs.lightness(*cover) if cover else 0.0
    likes = int(share * counts.likes(subject.name, lightness, _rng(seed, number, "likes")))
    comments = int(share * counts.comments(subject.name, _rng(seed, number, "comments")))
    rng = _rng(seed, number, "words")
    caption = rng.choice(words.CAPTIONS[subject.name])
    # The layout can't show a place without a number of comments: the place would be read as the number.
    comments_known = number % 37 != 12
    return GalleryPost(
        post_id=_post_id(number, seed),
        kind=_kind(number),
        posted_at=posted_at,
        caption=None if number % 19 == 7 else caption,
        place=words.PLACES[subject.name] if number % 7 != 2 and comments_known else None,
        likes=None if number % 29 == 4 else likes,
        comments=comments if comments_known else None,
        pictures=tuple(shots),
        thread=_thread(comments, subject.name, _rng(seed, number, "thread")),
    )


def _thread(comments: int, subject: str, rng: random.Random) -> tuple[GalleryComment, ...]:
    """The comments on the post's page: as many for few comments as for many, so that a thread only grows."""
    thread = [
        GalleryComment(rng.choice(words.AUTHORS), invent_comment(subject, rng)) for _ in range(THREAD_SHOWN)
    ]
    return tuple(thread[:comments])
