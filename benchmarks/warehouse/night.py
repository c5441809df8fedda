"""A complete night on top of what is stored: 600 posts of an account observed, 50 of them new, 60 pictures labelled."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from benchmarks.warehouse.gallery import ACCOUNTS, CLASSIFIER, LABELS, LABELS_PER_POST, NOW, SOURCES
from warehouse.database.derived.refresh import refresh_tables
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.records.pending import (
    RetrySchedule,
    count_to_fetch,
    link_fetched_pictures,
    pictures_to_fetch,
    pictures_to_label,
)
from warehouse.records.posts import ScrapedRows, store_scraped
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import Fetch, Picture, PictureLabel
from warehouse.schema.tables import Observation, Post, PostPicture

ACCOUNT_POSTS = 600
NEW_POSTS = 50
NEW_PICTURES = 60
SCHEDULES = {"gone": RetrySchedule(0, 1)}


class Stopwatch:
    """Elapsed and processor seconds of the parts of a night."""

    def __init__(self) -> None:
        self.elapsed: dict[str, float] = {}
        self.processor: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Measure a part."""
        begin, used = time.perf_counter(), time.process_time()
        yield
        self.elapsed[name] = time.perf_counter() - begin
        self.processor[name] = time.process_time() - used


def run_night(home: Home, number: int) -> Stopwatch:
    """One night on an account, as the stages call the warehouse; each `number` is a later night."""
    watch, at = Stopwatch(), NOW + timedelta(days=number)
    with watch.part("begin"):
        home.prepare()
        journal = begin_run(home.lake)
    seen = list(_seen(home, number % ACCOUNTS, number, at))  # what pages would show
    with watch.part("store 600 posts"):
        store_scraped(home.lake, seen)
    with watch.part("what to fetch"):
        count_to_fetch(home.lake, SCHEDULES, at)
        urls = [one.url for batch in pictures_to_fetch(home.lake, SCHEDULES, at, 1000) for one in batch]
    with watch.part("store 60 pictures"):
        # By the clock, as the start of the lane's last complete run: older pictures are labelled.
        fetched_at = datetime.now(UTC)
        home.lake.append([_picture(url, fetched_at) for url in urls])
        home.lake.append([_fetch(url, fetched_at) for url in urls])
        link_fetched_pictures(home.lake)
    with watch.part("what to label"):
        batches = list(pictures_to_label(home.lake, CLASSIFIER, "1", 10_000))
    with watch.part("store labels"):
        home.lake.append(
            [row for batch in batches for one in batch for row in _labels(one.sha256, fetched_at)]
        )
    journal.start("classify", CLASSIFIER)
    journal.finish("classify", CLASSIFIER, StageResult("done", NEW_PICTURES, version="1"))
    with watch.part("compact"):
        home.lake.tidy()
    with watch.part("bring tables up to date"):
        refresh_tables(home.lake)
    with watch.part("publish, with lifts"):
        publish(home)
    with watch.part("rank by stored lifts"):
        rank(home, RankingQuery(CLASSIFIER, "likes", "lift"))
    journal.finish("run", "", StageResult("done"))
    labelled = sum(len(batch) for batch in batches)
    if (len(urls), labelled) != (NEW_PICTURES, NEW_PICTURES):
        raise RuntimeError(f"{len(urls)} new and {labelled} labelled pictures instead of {NEW_PICTURES}")
    return watch


def _seen(home: Home, account: int, number: int, at: datetime) -> Iterator[ScrapedRows]:
    """The newest posts of the account, and new ones, of which some have two pictures."""
    source = f"source{account // (ACCOUNTS // SOURCES)}"
    query = "select * from posts where source = ? and account = ? order by posted_at desc limit ?"
    with home.lake.reader(query) as reader:
        values = [source, f"account{account}", ACCOUNT_POSTS - NEW_POSTS]
        known = Post.fetch(reader.execute(query, values))
    urls = dict(
        home.lake.query(
            "select post_id, picture_url from post_pictures where source = ? and post_id in (select unnest(?))",
            [source, [post.post_id for post in known]],
        )
    )
    for place, post in enumerate(known):
        yield _scraped(replace(post, last_seen_at=at), [urls[post.post_id]], place, at)
    for place in range(NEW_POSTS):
        post_id = f"9{number:05}{place:012}"
        times = {"posted_at": at - timedelta(hours=place), "first_seen_at": at, "last_seen_at": at}
        post = replace(known[0], post_id=post_id, **times)
        pictures = 1 + (place < NEW_PICTURES - NEW_POSTS)
        names = [f"https://cdn.example/{number}/{place}/{one}" for one in range(pictures)]
        yield _scraped(post, names, place, at)


def _scraped(post: Post, urls: list[str], likes: int, at: datetime) -> ScrapedRows:
    key = {"source": post.source, "post_id": post.post_id}
    counts = Observation(**key, observed_at=at, likes=likes * 7, comments=likes % 9, likes_hidden=False)
    shown = [PostPicture(**key, position=n, picture_url=url, sha256=None) for n, url in enumerate(urls)]
    return ScrapedRows(post, counts, tuple(shown))


def _sha256(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _picture(url: str, at: datetime) -> Picture:
    sha256 = _sha256(url)
    return Picture(
        sha256=sha256, bytes=1, width=1, height=1, format="jpeg", path=f"pictures/{sha256}.jpg", fetched_at=at
    )


def _fetch(url: str, at: datetime) -> Fetch:
    return Fetch(
        picture_url=url,
        attempted_at=at,
        status="ok",
        reason=None,
        http_status=200,
        sha256=_sha256(url),
        seconds=0.1,
    )


def _labels(sha256: str, at: datetime) -> Iterator[PictureLabel]:
    first = int(sha256[:8], 16) % LABELS
    for place in range(LABELS_PER_POST):
        yield PictureLabel(
            sha256=sha256,
            classifier=CLASSIFIER,
            version="1",
            region=0,
            rank=place + 1,
            label=f"label {(first + place) % LABELS}",
            label_id=None,
            score=1 / (place + 1),
            x0=None,
            y0=None,
            x1=None,
            y1=None,
            labelled_at=at,
        )
