"""What near-duplicates cost a publish: `python -m benchmarks.similar.posts [--pictures 40000] [--accounts 8]`.

Posts of the accounts show the generated pictures of `benchmarks.similar`. The times are those of the table
`near_duplicates` alone: all pictures, nothing new, and 200 new posts.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.similar.__main__ import CLASSIFIER, VERSION, build, hashes_of, timed
from warehouse.database.derived.embedding_codes import refresh_codes
from warehouse.database.derived.near_duplicates import refresh_near_duplicates
from warehouse.home import Home
from warehouse.schema.tables import Post, PostPicture

NEW = 200
WHEN = datetime(2026, 1, 1, tzinfo=UTC)
PORTION = 5000


def main() -> None:
    """Print the times and the memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=40_000)
    parser.add_argument("--accounts", type=int, default=8)
    options = parser.parse_args()
    hashes = np.random.default_rng(2).permutation(hashes_of(options.pictures)).tolist()
    versions = [(CLASSIFIER, VERSION)]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        build(home, options.pictures)
        for start in range(0, options.pictures - NEW, PORTION):
            store_posts(home, hashes[: -NEW or None], start, options.accounts)
        timed("codes", lambda: refresh_codes(home.lake, home.lake.all_files(), versions))
        print(f"memory before {peak():,.0f} MB")
        for what in ("all pictures", "nothing new", f"{NEW} new posts"):
            if what.endswith("posts"):
                store_posts(home, hashes, options.pictures - NEW, options.accounts)
            timed(what, lambda: refresh_near_duplicates(home.lake, home.lake.all_files(), versions))
    print(f"peak memory {peak():,.0f} MB")


def peak() -> float:
    """The largest memory of the process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def store_posts(home: Home, hashes: list[str], start: int, accounts: int) -> None:
    """Store the posts of a portion of the pictures, one picture each, a minute apart."""
    posts, shown = [], []
    for number, sha256 in enumerate(hashes[start : start + PORTION], start):
        key = {"source": "demo", "post_id": f"{number:08}"}
        times = {"posted_at": WHEN + timedelta(minutes=number), "first_seen_at": WHEN, "last_seen_at": WHEN}
        unknown = {"caption": None, "place": None, "pinned": None}
        account = f"account-{number % accounts}"
        posts.append(
            Post(**key, account=account, url=f"https://x.example/{number}", kind="image", **times, **unknown)
        )
        shown.append(
            PostPicture(**key, position=0, picture_url=f"https://x.example/{number}.jpg", sha256=sha256)
        )
    home.lake.append(posts)
    home.lake.append(shown)


if __name__ == "__main__":
    main()
