"""The time of every query of the cookbook on a home folder of your own.

    python -m benchmarks.cookbook data

Each statement of docs/sql-cookbook.md runs once to warm the disk's cache and then `--rounds` times; the table has the
medians of elapsed and of processor seconds of all threads. A question is as slow as its slowest statement. Replace the
names of classifiers with `--classifier`. `python -m benchmarks.warehouse` fills home folders of any size.
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
LIMIT_SECONDS = 1.0


def statements(text: str) -> Iterator[tuple[str, str]]:
    """The title of each question with each of its statements."""
    for part in re.split(r"^### ", text, flags=re.MULTILINE)[1:]:
        title = part.splitlines()[0]
        for block in re.findall(r"^```sql\n(.*?)^```$", part.split("\n## ")[0], re.MULTILINE | re.DOTALL):
            for statement in duckdb.extract_statements(block):
                yield title, statement.query


def measure(database: duckdb.DuckDBPyConnection, query: str, rounds: int) -> tuple[float, float]:
    """The median elapsed and processor seconds of a query that fetches all rows."""
    database.execute(query).fetchall()
    elapsed, processor = [], []
    for _ in range(rounds):
        began, used = time.perf_counter(), time.process_time()
        database.execute(query).fetchall()
        elapsed.append(time.perf_counter() - began)
        processor.append(time.process_time() - used)
    return statistics.median(elapsed), statistics.median(processor)


def main() -> None:
    """Print a row for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--classifier", default="visual", help="the classifier of the rankings")
    parser.add_argument("--other", default="inception_v3", help="the classifier that it is compared with")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--statements", action="store_true", help="a row for each statement")
    options = parser.parse_args()
    text = PAGE.read_text("utf-8").replace("'visual'", f"'{options.classifier}'")
    text = text.replace("'inception_v3'", f"'{options.other}'")
    slowest: dict[str, tuple[float, float]] = {}
    with duckdb.connect(str(options.home / "likelens.duckdb"), read_only=True) as database:
        for title, query in statements(text):
            name = f"{title} {' '.join(query.split())[:60]}" if options.statements else title
            measured = measure(database, query, options.rounds)
            slowest[name] = max(slowest.get(name, (0.0, 0.0)), measured)
            if options.statements:
                print(f"{measured[0]:8.2f} {measured[1]:8.2f}  {name}", flush=True)
    print("| question | ms | processor, ms | |\n|---|---|---|---|")
    for title, (elapsed, processor) in slowest.items():
        slow = "slow" if elapsed > LIMIT_SECONDS else ""
        print(f"| {title} | {1000 * elapsed:,.0f} | {1000 * processor:,.0f} | {slow} |")


if __name__ == "__main__":
    main()
