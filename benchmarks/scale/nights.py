"""Real lakes: each night stores posts, counts, pictures and labels in the batches of the stages, tidies and publishes."""

from __future__ import annotations

import hashlib
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.scale.rates import Rates
from tasks.classify.storing import STORE_PICTURES
from tasks.fetch.results import BATCH_ROWS
from tasks.scrape.storing import STORE_POSTS
from warehouse.database.derived import changes
from warehouse.database.derived.refresh import refresh_tables
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.records.pending import link_fetched_pictures
from warehouse.records.runs import StageResult, begin_run
from warehouse.records.stored_posts import refresh_last_seen
from warehouse.schema.picture_tables import Fetch, Picture, PictureLabel
from warehouse.schema.tables import TABLES, Observation, Post, PostPicture
from warehouse.storage import lake as lake_module
from warehouse.storage import lake_files, lake_reader, stored_keys

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LABELS = 1_000


@dataclass(slots=True)
class Night:
    """What one night took: processor seconds by part; files and bytes that it wrote, and files that it read, by table."""

    seconds: dict[str, float] = field(default_factory=dict)
    written: Counter[str] = field(default_factory=Counter)
    bytes: Counter[str] = field(default_factory=Counter)
    read: Counter[str] = field(default_factory=Counter)
    logs_read: int = 0
    logs_written: int = 0

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Add the processor time of a part."""
        begin = time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0) + time.process_time() - begin


@dataclass(slots=True)
class Sample:
    """A lake after its last night: rows, bytes and files by table, its nights, and the peak memory in MB."""

    pictures: float
    rows: dict[str, int]
    bytes: dict[str, int]
    files: dict[str, int]
    nights: list[dict[str, Any]]
    megabytes: float


def write(home: Home, rates: Rates, nights: int) -> Iterator[Sample]:
    """Fill a new home folder with so many nights; the lake after each of them."""
    home.prepare()
    taken: list[dict[str, Any]] = []
    for number in range(1, nights + 1):
        night, known = Night(), _files(home)
        with _count_reads(night):
            _run(home, rates, number, night)
        _count_writes(home, known, night)
        taken.append({name.name: getattr(night, name.name) for name in fields(night)})
        files = home.lake.all_files()
        yield Sample(
            rates.pictures,
            {name: sum(file.rows for file in some) for name, some in files.items()},
            {name: sum(file.bytes for file in some) for name, some in files.items()},
            {name: len(some) for name, some in files.items()},
            taken,
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )


def _run(home: Home, rates: Rates, number: int, night: Night) -> None:
    at = BEGIN + timedelta(days=number)
    posts = round(rates.posts)
    first, new, oldest = posts * (number - 1), posts * number, posts * max(0, number - rates.refresh_days)
    journal = begin_run(home.lake)
    with night.part("store posts"):
        for source in range(rates.sources):
            seen = [one for one in range(oldest, new) if one % rates.sources == source]
            for some in _batches(seen, STORE_POSTS):
                _store_posts(home, rates, some, at)
            refresh_last_seen(home.lake, f"source{source}", at)
    with night.part("store pictures"):
        shown = [one for post in range(first, new) for one in _shown(rates, post)]
        for pictures in _batches(shown, BATCH_ROWS):
            home.lake.append([picture_row(one, at) for one in pictures])
            home.lake.append([fetch_row(one, at) for one in pictures])
        link_fetched_pictures(home.lake)
    shown.sort(key=lambda one: one.sha256)  # the stage reads them in this order
    with night.part("store labels"):
        for classifier in range(rates.classifiers):
            for pictures in _batches(shown, STORE_PICTURES):
                home.lake.append([row for one in pictures for row in label_rows(rates, one, classifier, at)])
            journal.start("classify", f"c{classifier}")
            journal.finish("classify", f"c{classifier}", StageResult("done", len(shown), version="1"))
    with night.part("tidy"):
        home.lake.tidy()
    with night.part("derived tables"):
        refresh_tables(home.lake)
    with night.part("publish, with lifts"):
        publish(home)
    with night.part("six rankings"):
        for classifier in range(rates.classifiers):
            for by in ("likes", "comments", "count"):
                rank(home, RankingQuery(f"c{classifier}", by))
    journal.finish("run", "", StageResult("done"))


def _batches(items: Sequence[Any], count: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), count):
        yield items[start : start + count]


def _store_posts(home: Home, rates: Rates, numbers: Sequence[int], at: datetime) -> None:
    posts = [_post(rates, number, at) for number in numbers]
    home.lake.upsert(posts, keep=["first_seen_at"], never_alone=["last_seen_at"])
    shown = [picture for number in numbers for picture in _shown(rates, number)]
    home.lake.upsert([_post_picture(one, None if one.first_seen_at == at else one.sha256) for one in shown])
    home.lake.append([_observation(post, number, at) for post, number in zip(posts, numbers, strict=True)])


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of a post."""

    source: str
    post_id: str
    position: int
    url: str
    sha256: str
    first_seen_at: datetime


def _night_of(rates: Rates, number: int) -> datetime:
    return BEGIN + timedelta(days=number // round(rates.posts) + 1)


def _shown(rates: Rates, number: int) -> list[Shown]:
    """The pictures of a post: of five posts one has two, and so on."""
    count = int((number + 1) * rates.pictures_per_post) - int(number * rates.pictures_per_post)
    source, post_id = _key(rates, number)
    return [
        Shown(source, post_id, place, url, hashlib.sha256(url.encode()).hexdigest(), _night_of(rates, number))
        for place in range(count)
        for url in [f"https://files.example.social/media/{number % 997:03}/{number:012}/{place}/original.jpg"]
    ]


def _key(rates: Rates, number: int) -> tuple[str, str]:
    """Ids grow with time, as those of Mastodon and Instagram do."""
    return f"source{number % rates.sources}", f"{115_000_000_000_000_000 + number * 7919}"


def _post(rates: Rates, number: int, at: datetime) -> Post:
    source, post_id = _key(rates, number)
    seen = _night_of(rates, number)
    words = hashlib.sha256(post_id.encode()).hexdigest()
    return Post(
        source=source,
        post_id=post_id,
        account=f"account{number % rates.accounts}",
        url=f"https://example.social/@account{number % rates.accounts}/{post_id}",
        kind="image",
        posted_at=seen - timedelta(seconds=int(words[:4], 16)),
        caption=f"Forty characters of a caption, or so it is, with a word {words[:24]}, and another {words[24:48]}.",
        place=None,
        pinned=False,
        first_seen_at=seen,
        last_seen_at=at,
    )


def _post_picture(one: Shown, sha256: str | None) -> PostPicture:
    return PostPicture(
        source=one.source, post_id=one.post_id, position=one.position, picture_url=one.url, sha256=sha256
    )


def _observation(post: Post, number: int, at: datetime) -> Observation:
    likes = number * 7919 % 1009 * ((at - post.first_seen_at).days + 1)
    return Observation(
        source=post.source,
        post_id=post.post_id,
        observed_at=at + timedelta(microseconds=number),
        likes=likes,
        comments=likes // 20,
        likes_hidden=False,
        likes_rounded=False,
        comments_rounded=False,
    )


def picture_row(one: Shown, at: datetime) -> Picture:
    """A stored picture."""
    return Picture(
        sha256=one.sha256,
        bytes=200_000 + int(one.sha256[:4], 16),
        width=1080,
        height=1350,
        format="jpeg",
        path=f"pictures/{one.sha256[:2]}/{one.sha256}.jpg",
        fetched_at=at,
    )


def fetch_row(one: Shown, at: datetime) -> Fetch:
    """A successful fetch."""
    return Fetch(
        picture_url=one.url,
        attempted_at=at,
        status="ok",
        reason=None,
        http_status=200,
        sha256=one.sha256,
        seconds=int(one.sha256[:6], 16) / 1e8,
    )


def label_rows(rates: Rates, one: Shown, classifier: int, at: datetime) -> Iterator[PictureLabel]:
    """The labels of a picture by one classifier."""
    first = int(one.sha256[:8], 16)
    for place in range(rates.labels_per_picture):
        yield PictureLabel(
            sha256=one.sha256,
            classifier=f"c{classifier}",
            version="1",
            region=0,
            rank=place + 1,
            label=f"label {(first + place * place * 17) % LABELS}",
            label_id=f"n{(first + place * place * 17) % LABELS:08}",
            score=int(one.sha256[8 * place : 8 * place + 8], 16) / 16**8,
            **dict.fromkeys(("x0", "y0", "x1", "y1")),
            labelled_at=at,
        )


@contextmanager
def _count_reads(night: Night) -> Iterator[None]:
    """Count the Parquet files that queries name, and the logs that are read."""
    scan, open_table = lake_reader.scan, lake_files.open_table

    def count_scan(files: Sequence[str], table: Any, **options: Any) -> str:
        night.read[table.name] += len(files)
        return scan(files, table, **options)

    def count_open(lake: Path, table: Any) -> Any:
        night.logs_read += 1
        return open_table(lake, table)

    readers: Sequence[Any] = (lake_reader, lake_module, stored_keys, changes)
    openers: Sequence[Any] = (lake_files, lake_module)
    for module in readers:
        module.scan = count_scan
    for module in openers:
        module.open_table = count_open
    try:
        yield
    finally:
        for module in readers:
            module.scan = scan
        for module in openers:
            module.open_table = open_table


def _files(home: Home) -> dict[Path, int]:
    """All files of the tables, with their bytes; the others of the lake are small."""
    return {
        file: file.stat().st_size
        for name in TABLES
        for file in (home.lake.folder / name).rglob("*")
        if file.is_file()
    }


def _count_writes(home: Home, known: dict[Path, int], night: Night) -> None:
    for file, size in _files(home).items():
        if file in known:
            continue
        if file.parent.name == "_delta_log":
            night.logs_written += 1
            continue
        night.written[file.parent.name] += 1
        night.bytes[file.parent.name] += size


if __name__ == "__main__":
    folder, rates, nights = Path(sys.argv[1]), Rates(**json.loads(sys.argv[2])), int(sys.argv[3])
    for sample in write(Home(folder), rates, nights):
        print(json.dumps({one.name: getattr(sample, one.name) for one in fields(sample)}), flush=True)
