"""Requests and bytes of nights whose home folder is in an object store, and what they cost.

An S3 server on this machine gets a first night with 600 posts, a night that sees the same posts again, and one with 50
new ones; then single writes to a table. A last column is a second machine that publishes for the first time. Counted are
the tables and the published database. A new picture is one more request of class A and its bytes.
"""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from benchmarks.growth import ACCOUNT_POSTS, BEGIN, labels, scraped_rows
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.object_store.client import ObjectStore
from warehouse.object_store.request_counts import RequestCounts, requests_so_far
from warehouse.records.pending import RetrySchedule, count_to_fetch, link_fetched_pictures, pictures_to_label
from warehouse.records.posts import store_scraped
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import Fetch, Picture
from warehouse.schema.tables import Observation

NEW_POSTS = 50
DOLLARS_PER_CLASS_A = 5.0 / 1_000_000
DOLLARS_PER_CLASS_B = 0.4 / 1_000_000
"""List prices of Amazon S3 Standard in us-east-1; transfer out of the region is extra."""
_CREDENTIALS = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an S3 server with the bucket `likelens`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            try:
                connection.request("PUT", "/likelens")
                connection.getresponse().read()
                break
            except OSError:
                if server.poll() is not None:
                    raise
                time.sleep(0.2)
            finally:
                connection.close()
        yield address
    finally:
        server.terminate()
        server.wait()


def run_night(home: Home, day: int, posts: range, new: range) -> None:
    """One night as the stages call the warehouse: posts that are seen, of which some are new, with one picture each."""
    at = BEGIN + timedelta(days=day)
    home.prepare()
    journal = begin_run(home.lake)
    journal.start("scrape", "s")
    store_scraped(home.lake, [scraped_rows(number, at) for number in posts])
    journal.finish("scrape", "s", StageResult("done", len(posts)))
    count_to_fetch(home.lake, {"gone": RetrySchedule(1, 1)}, at)
    hashes = {number: f"{number:064x}" for number in new}
    home.lake.append(
        [
            Picture(sha256=name, bytes=1, width=1, height=1, format="jpeg", path=name, fetched_at=at)
            for name in hashes.values()
        ]
    )
    home.lake.append(
        [
            Fetch(
                picture_url=f"https://x.org/{number:09}.jpg",
                attempted_at=at,
                status="ok",
                reason=None,
                http_status=200,
                sha256=name,
                seconds=0.1,
            )
            for number, name in hashes.items()
        ]
    )
    link_fetched_pictures(home.lake)
    journal.start("classify", "c")
    for _ in pictures_to_label(home.lake, "c", "1", 10_000):
        home.lake.append([label for number in new for label in labels(number)])
    journal.finish("classify", "c", StageResult("done", len(new), version="1"))
    home.lake.tidy()
    publish(home)
    journal.finish("run", "", StageResult("done"))


def observed(day: int) -> list[Observation]:
    """Observations of 600 posts."""
    at = BEGIN + timedelta(days=day, hours=1)
    return [scraped_rows(number, at).observation for number in range(ACCOUNT_POSTS)]


def measure(work: Callable[[], object]) -> RequestCounts:
    """The requests of some work."""
    before = requests_so_far()
    work()
    return requests_so_far() - before


def main() -> None:
    """Run the nights, and print a row for each."""
    os.environ.update(_CREDENTIALS)
    with s3_server() as address, tempfile.TemporaryDirectory() as folder:
        store = ObjectStore("s3://likelens/home", address)
        home, other = (Home(Path(folder) / name, store) for name in ("one", "other"))
        everything, more = range(ACCOUNT_POSTS), range(ACCOUNT_POSTS, ACCOUNT_POSTS + NEW_POSTS)
        seen = range(NEW_POSTS, ACCOUNT_POSTS + NEW_POSTS)
        works: dict[str, Callable[[], object]] = {
            "the check of the store": store.check,
            "creating the tables": home.prepare,
            "first night, 600 new posts": lambda: run_night(home, 1, everything, everything),
            "second night, the same posts": lambda: run_night(home, 2, everything, range(0)),
            "third night, 50 new posts": lambda: run_night(home, 3, seen, more),
            "an append of 600 rows": lambda: home.lake.append(observed(3)),
            "the same append again": lambda: home.lake.append(observed(3)),
            "an update of 600 posts": lambda: home.lake.upsert(
                [scraped_rows(number, BEGIN + timedelta(days=9)).post for number in everything]
            ),
            "a publish after these": lambda: publish(home),
            "a publish on a second machine": lambda: publish(other),
            "maintenance: vacuum of a table": lambda: home.lake.vacuum("observations", 168),
        }
        print("| work | PUT | LIST | GET | HEAD | DELETE | MB up | MB down | US cents |")
        print("|---|---|---|---|---|---|---|---|---|")
        for name, work in works.items():
            one = measure(work)
            cents = 100 * (one.class_a * DOLLARS_PER_CLASS_A + one.class_b * DOLLARS_PER_CLASS_B)
            sizes = f"{one.uploaded_bytes / 1e6:.2f} | {one.downloaded_bytes / 1e6:.2f}"
            kinds = f"{one.puts} | {one.lists} | {one.gets} | {one.heads} | {one.deletes}"
            print(f"| {name} | {kinds} | {sizes} | {cents:.3f} |", flush=True)


if __name__ == "__main__":
    main()
