"""The time of every query of the cookbook on a home folder of your own.

    python -m benchmarks.cookbook data

Each statement of docs/sql-cookbook.md runs once to warm the disk's cache and then three times; the table has the
median. A question is as slow as its slowest statement. Replace the names of classifiers with `--classifier`.
"""

from __future__ import annotations

import argparse
import re
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

PAGE = Path(__file__).resolve().parents[1] / "docs" / "sql-cookbook.md"
ROUNDS = 3
LIMIT_SECONDS = 1.0


def statements(text: str) -> Iterator[tuple[str, str]]:
    """The title of each question with each of its statements."""
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title = part.splitlines()[0]
        for block in re.findall(r"^```sql\n(.*?)^```$", part.split("\n## ")[0], re.MULTILINE | re.DOTALL):
            for statement in duckdb.extract_statements(block):
                yield title, statement.query


def seconds(database: duckdb.DuckDBPyConnection, query: str) -> float:
    """The median time of a query that fetches all rows."""
    database.execute(query).fetchall()
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        database.execute(query).fetchall()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print a row for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--classifier", default="visual", help="the classifier of the rankings")
    parser.add_argument("--other", default="inception_v3", help="the classifier that it is compared with")
    options = parser.parse_args()
    text = PAGE.read_text("utf-8").replace("'visual'", f"'{options.classifier}'")
    text = text.replace("'inception_v3'", f"'{options.other}'")
    slowest: dict[str, float] = {}
    with duckdb.connect(str(options.home / "likelens.duckdb"), read_only=True) as database:
        for title, query in statements(text):
            slowest[title] = max(slowest.get(title, 0.0), seconds(database, query))
    print("| question | ms | |\n|---|---|---|")
    for title, time_of in slowest.items():
        print(f"| {title} | {1000 * time_of:,.0f} | {'slow' if time_of > LIMIT_SECONDS else ''} |")


if __name__ == "__main__":
    main()
