"""The cost of a run in the warehouse, for growing numbers of stored posts.

The design promises that the cost of a run grows with what is new. For each size the benchmark fills a lake with posts,
each with one picture and five labels. Then, in a separate process, it stores a run on an account of 600 posts with
nothing new but its observations. It also measures three ways to rank: the Polars frame, the SQL macro, and DuckDB over
the same rows in one flat Parquet file, as a user without a warehouse would have them.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.records.pending import RetrySchedule, count_to_fetch, count_to_label
from warehouse.records.posts import ScrapedRows, store_scraped
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import Picture, PictureLabel
from warehouse.schema.tables import Observation, Post, PostPicture

SIZES = (1_000, 10_000, 100_000)
ACCOUNT_POSTS = 600
ROUNDS = 5
BATCH = 20_000
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def scraped_rows(number: int, at: datetime) -> ScrapedRows:
    """A post as a page shows it."""
    source, post_id = "s", f"{number:09}"
    post = Post(
        source=source,
        post_id=post_id,
        account=f"account{number // ACCOUNT_POSTS}",
        url=f"https://x.org/{post_id}",
        kind="image",
        posted_at=BEGIN - timedelta(minutes=number),
        caption="Forty characters of a caption, or so it is." * 3,
        place=None,
        pinned=None,
        first_seen_at=at,
        last_seen_at=at,
    )
    counts = Observation(
        source=source,
        post_id=post_id,
        observed_at=at,
        likes=number * 7919 % 10_007,
        comments=number % 97,
        likes_hidden=False,
    )
    picture = PostPicture(
        source=source,
        post_id=post_id,
        position=0,
        picture_url=f"https://x.org/{post_id}.jpg",
        sha256=f"{number:064x}",
    )
    return ScrapedRows(post, counts, (picture,))


def labels(number: int) -> Iterator[PictureLabel]:
    """Five labels of a picture."""
    for rank_of_label in range(1, 6):
        yield PictureLabel(
            sha256=f"{number:064x}",
            classifier="c",
            version="1",
            region=0,
            rank=rank_of_label,
            label=f"label {(number * 31 + rank_of_label * 7) % 1000}",
            label_id=None,
            score=1 / rank_of_label,
            x0=None,
            y0=None,
            x1=None,
            y1=None,
            labelled_at=BEGIN,
        )


def fill(home: Home, posts: int) -> None:
    """Store posts, pictures and labels."""
    home.prepare()
    for start in range(0, posts, BATCH):
        numbers = range(start, min(posts, start + BATCH))
        batch = [scraped_rows(number, BEGIN) for number in numbers]
        home.lake.append([one.post for one in batch])
        home.lake.append([one.observation for one in batch])
        home.lake.append([picture for one in batch for picture in one.pictures])
        home.lake.append(
            [
                Picture(
                    sha256=f"{n:064x}",
                    bytes=1,
                    width=1,
                    height=1,
                    format="jpeg",
                    path=f"{n}",
                    fetched_at=BEGIN,
                )
                for n in numbers
            ]
        )
        home.lake.append([label for number in numbers for label in labels(number)])
    journal = begin_run(home.lake)
    journal.start("classify", "c")
    journal.finish("classify", "c", StageResult("done", posts, version="1"))
    publish(home)


def run(home: Home) -> dict[str, float]:
    """Seconds of each part of a run with nothing new, and of each way to rank; medians of the rounds."""
    flat = home.folder / "flat.parquet"
    with published(home) as database:
        database.execute(f"copy (from post_labels) to '{flat}'")
    by_hand = f"""select label, count(likes) as posts, avg(likes) as mean from '{flat}'
                  where classifier = 'c' group by label order by mean desc limit 10"""

    def macro() -> None:
        with published(home) as database:
            database.execute("from top_labels('c')").fetchall()

    at = iter(BEGIN + timedelta(days=day) for day in range(1, 1000))
    parts: dict[str, Callable[[], object]] = {
        "store 600 posts": lambda: _store(home, next(at)),
        "what to fetch": lambda: count_to_fetch(home.lake, {"gone": RetrySchedule(1, 1)}, BEGIN),
        "what to label": lambda: count_to_label(home.lake, "c", "1"),
        "publish": lambda: publish(home),
        "rank (Polars)": lambda: rank(home, RankingQuery("c")),
        "rank (macro)": macro,
        "rank (flat file)": lambda: duckdb.sql(by_hand).fetchall(),
    }
    seconds: dict[str, list[float]] = {name: [] for name in parts}
    for _ in range(ROUNDS):
        for name, part in parts.items():
            start = time.perf_counter()
            part()
            seconds[name].append(time.perf_counter() - start)
    return {name: statistics.median(times) for name, times in seconds.items()}


def _store(home: Home, at: datetime) -> None:
    store_scraped(home.lake, [scraped_rows(number, at) for number in range(ACCOUNT_POSTS)])


def main() -> None:
    """Fill a lake of each size and print a column for it."""
    columns: dict[str, dict[str, float]] = {}
    for posts in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            fill(Home(Path(folder)), posts)
            process = subprocess.run(
                [sys.executable, "-m", "benchmarks.growth", folder], capture_output=True, check=True
            )
            columns[f"{posts:,}"] = json.loads(process.stdout)
    print(f"{'milliseconds with … posts stored':<34}" + "".join(f"{name:>10}" for name in columns))
    for part in next(iter(columns.values())):
        print(f"{part:<34}" + "".join(f"{column[part]:>10,.0f}" for column in columns.values()))


def _measure(folder: str) -> None:
    figures = {name: seconds * 1000 for name, seconds in run(Home(Path(folder))).items()}
    figures["peak memory, MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    _measure(sys.argv[1]) if len(sys.argv) > 1 else main()
