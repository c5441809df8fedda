"""A home folder whose tables lived through what a real one does, for readers other than likelens.

Appends, updates that rewrite files, deletions, checkpoints, merged and vacuumed files, columns that were added later,
names with unusual characters, times before 1970 and to the microsecond, and nulls. `python -m
tests.warehouse.eventful_home FOLDER` writes one, to open it with another program.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deltalake import DeltaTable, write_deltalake

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.schema.picture_tables import Embedding, Picture, PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Observation, Post, PostPicture
from warehouse.storage.table_writes import CHECKPOINT_VERSIONS
from warehouse.upkeep.forgetting import forget_account

SOURCES = ("demo", "café %20/ü?", 'it\'s = a "b"', "日本 \U00020000")
FORGOTTEN = "forgotten"
ACCOUNTS = ("ann", "o'hara", FORGOTTEN, "Zoë & Éric")
LABELS = ("cat", "Éclair", "eclair", "it's", "日本", "\U0001f408 cat", "100 %", "a\tb", "sky", "sea")
CLASSIFIERS = ("model", "visual")
NIGHTS = CHECKPOINT_VERSIONS + 2
BEGIN = datetime(2026, 3, 1, 22, 0, 0, 123457, tzinfo=UTC)
LATER = {
    "observations": ("shares", "shares_rounded"),
    "pictures": ("copy_sha256", "copy_bytes", "reduced_at"),
}
"""Columns that the tables do not have in the first nights."""


def fill(home: Home, seed: int = 1) -> None:
    """Run `NIGHTS` nights of new posts, changed posts and labels, with all that the module names, and publish."""
    chosen = random.Random(seed)
    home.prepare()
    posts: list[Post] = []
    for night in range(NIGHTS):
        at = BEGIN + timedelta(days=night)
        new = list(_new_posts(night, at))
        changed = [replace(post, last_seen_at=at, caption=f"{post.caption} ✓") for post in posts[night::7]]
        _store(home, [*new, *changed], at, chosen)
        posts += new
        if night == 0:
            _remove_later_columns(home)
            home.lake.create()
        if night == 2:
            forget_account(home, FORGOTTEN, None)
        if night > 1:
            posts = [post for post in posts if post.account != FORGOTTEN]
        if night % 9 == 8:
            home.lake.tidy()
    _finish(home)


def _finish(home: Home) -> None:
    home.lake.append(list(_runs()))
    vectors = [(0.5, -1.0, float(number)) for number in range(9)]
    home.lake.append(
        [
            Embedding(sha256=_sha(n), classifier="model", version="2", vector=one)
            for n, one in enumerate(vectors)
        ]
    )
    home.lake.delete("observations", "post_id", ["00/2 ü%", "05/7 ü%"])
    home.lake.tidy()
    DeltaTable(str(home.lake.folder / "labels")).vacuum(
        retention_hours=0, enforce_retention_duration=False, dry_run=False
    )
    publish(home)


def _new_posts(night: int, at: datetime) -> Iterator[Post]:
    accounts = ACCOUNTS if night < 2 else tuple(one for one in ACCOUNTS if one != FORGOTTEN)
    for number in range(12):
        yield Post(
            source=SOURCES[number % len(SOURCES)],
            post_id=f"{night:02}/{number} ü%",
            account=accounts[(number + night) % len(accounts)],
            url=f"http://gallery.example/p/{night}?n={number}&x=%20",
            kind="carousel" if number % 5 == 0 else "image",
            posted_at=(None, datetime(1969, 7, 20, 20, 17, 40, 1, tzinfo=UTC), at)[min(number, 2)],
            caption=None if number % 3 == 0 else f'line\nline "{number}" \\ \U0001f408',
            place=None,
            pinned=(None, True, False)[number % 3],
            first_seen_at=at,
            last_seen_at=at,
        )


def _store(home: Home, posts: list[Post], at: datetime, chosen: random.Random) -> None:
    home.lake.upsert(posts, keep=["first_seen_at"])
    shown = [
        PostPicture(
            source=post.source,
            post_id=post.post_id,
            position=place,
            picture_url=f"{post.url}&{place}",
            sha256=sha,
        )
        for post in posts
        for place in range(3 if post.kind == "carousel" else 1)
        for sha in [_picture_of(post, place)]
    ]
    home.lake.upsert(shown)
    home.lake.append([_observation(post, at, chosen) for post in posts])
    hashes = sorted({one.sha256 for one in shown if one.sha256 is not None})
    home.lake.append([_picture(sha256, at) for sha256 in hashes])
    home.lake.append([label for sha256 in hashes for label in _labels(sha256, at)])


def _picture_of(post: Post, place: int) -> str | None:
    """Some pictures are in several posts, and some were not fetched."""
    number = int(hashlib.sha256(f"{post.source} {post.post_id} {place}".encode()).hexdigest(), 16) % 200
    return None if number % 17 == 0 else _sha(number)


def _sha(number: int) -> str:
    return hashlib.sha256(f"picture {number}".encode()).hexdigest()


def _observation(post: Post, at: datetime, chosen: random.Random) -> Observation:
    hidden = chosen.random() < 0.1
    return Observation(
        source=post.source,
        post_id=post.post_id,
        observed_at=at,
        likes=None if hidden else chosen.choice([None, 0, 1, 2, 2, 7, 50, 2**31 + 1, 2**40 + 1]),
        comments=chosen.choice([None, 0, 1, 3, 3, 12]),
        likes_hidden=hidden,
        shares=chosen.choice([None, 5]),
    )


def _picture(sha256: str, at: datetime) -> Picture:
    path = f"pictures/{sha256[:2]}/{sha256}.jpg"
    return Picture(sha256=sha256, bytes=9, width=640, height=480, format="jpeg", path=path, fetched_at=at)


def _labels(sha256: str, at: datetime) -> Iterator[PictureLabel]:
    chosen = random.Random(sha256)
    for classifier in CLASSIFIERS:
        for version in ("1", "2"):
            for region in range(chosen.choice([1, 1, 3])):
                for place in range(1, chosen.choice([2, 4])):
                    yield PictureLabel(
                        sha256=sha256,
                        classifier=classifier,
                        version=version,
                        region=region,
                        rank=place,
                        label=chosen.choice(LABELS),
                        label_id=None,
                        score=chosen.random(),
                        **dict.fromkeys(("x0", "y0", "x1", "y1"), 0.25 if region else None),
                        labelled_at=at,
                    )


def _runs() -> Iterator[StageRun]:
    """Both classifiers ran with version 2 after version 1."""
    for number, version in enumerate("12"):
        for classifier in CLASSIFIERS:
            at = BEGIN + timedelta(days=number)
            yield StageRun(
                run_id=f"run {number}",
                stage="classify",
                lane=classifier,
                started_at=at,
                ended_at=at,
                status="done",
                items=1,
                failures=0,
                message=None,
                version=version,
            )


def _remove_later_columns(home: Home) -> None:
    """Write what an older likelens wrote: tables without the newest columns."""
    for name, columns in LATER.items():
        table = DeltaTable(str(home.lake.folder / name))
        rows = table.to_pyarrow_table().drop_columns(columns)
        write_deltalake(table, rows, mode="overwrite", schema_mode="overwrite")


if __name__ == "__main__":
    fill(Home(Path(sys.argv[1])))
