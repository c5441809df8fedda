"""Compare the rows of all tables, and the rankings of all classifiers, as another program reads them, with likelens."""

from __future__ import annotations

import argparse
import math
import sys
from itertools import product
from pathlib import Path
from typing import Any

from benchmarks.readers.engines import ENGINES, Engine
from benchmarks.readers.queries import By, Ranking, Statistic, ranking_query
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import classifiers_with_labels, rank
from warehouse.schema.tables import TABLES

RANKINGS: tuple[tuple[By, Statistic], ...] = (
    ("likes", "mean"),
    ("likes", "total"),
    ("comments", "mean"),
    ("comments", "total"),
    ("count", "mean"),
)
_COLUMNS = ("rank", "label", "posts", "accounts", "total", "mean")


def our_ranking(home: Home, classifier: str, by: By, statistic: Statistic) -> Ranking:
    """All labels as `likelens rank` ranks them."""
    question = RankingQuery(classifier, by, statistic, top=10**9, min_posts=1)
    return rank(home, question).select(_COLUMNS).rows()


def find_differences(home: Home, engine: Engine) -> list[str]:
    """The tables and rankings that the reader and likelens see differently, in words."""
    different = []
    for name in TABLES:
        if not home.lake.files(name):
            continue
        [(count,)] = engine.run(f"select count(*) from {engine.table(name)}")
        if count != (ours := home.lake.count(f"select count(*) from {name}")):
            different.append(f"{name}: {count} rows, ours has {ours}")
    for classifier, (by, statistic) in product(classifiers_with_labels(home), RANKINGS):
        ours = our_ranking(home, classifier, by, statistic)
        for stored in (False, True):
            theirs = engine.run(ranking_query(engine.table, classifier, by, statistic, stored=stored))
            if not ours or not _are_equal(theirs, ours):
                source = "post_labels" if stored else "labels"
                different.append(
                    f"{classifier} by {statistic} {by}, from {source}: {theirs[:3]}, ours {ours[:3]}"
                )
    return different


def _are_equal(theirs: Any, ours: Ranking) -> bool:
    return len(theirs) == len(ours) and all(
        their[:5] == our[:5] and math.isclose(their[5], our[5], rel_tol=1e-12)
        for their, our in zip(theirs, ours, strict=True)
    )


def main() -> None:
    """Read the options, compare, and print what differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readers", description=__doc__)
    parser.add_argument("home", type=Path, help="a home folder that was published")
    parser.add_argument("--reader", choices=ENGINES, default="kernel")
    parser.add_argument("--packages", type=Path, help="a folder with the reader's package")
    options = parser.parse_args()
    if options.packages:
        sys.path.append(str(options.packages))
    home = Home(options.home.absolute())
    with ENGINES[options.reader](home.lake.folder) as engine:
        different = find_differences(home, engine)
    rankings = len(RANKINGS) * len(classifiers_with_labels(home))
    print(
        f"{options.reader}: {len(TABLES)} tables, {rankings} rankings computed in two ways, {len(different)} differ"
    )
    for line in different:
        print(line)
    sys.exit(bool(different))


if __name__ == "__main__":
    main()
