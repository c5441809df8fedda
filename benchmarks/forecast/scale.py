"""Seconds and memory of a training on a million posts, in a process of its own.

`.venv/bin/python -m benchmarks.forecast.scale` prints them. The database is a file that another process writes.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import duckdb

POSTS, ACCOUNTS, LABELS = 1_000_000, 6_000, 5_000
LABELS_PER_POST = 8
AGES = (1, 3, 8, 15)
"""Days after a post at which it was observed."""

_MAKE = f"""
select setseed(0.5);
create table drawn as
    select i, (random() * {ACCOUNTS})::bigint as account, timestamp '2023-01-01' + to_seconds(random() * 63e6) as posted_at,
           random() as kind, -ln(random() + 1e-9) as noise from range({POSTS}) one(i);
create table posts as
    select 'simulated' as source, i::varchar as post_id, account::varchar as account,
           case when kind < .2 then 'carousel' when kind < .35 then 'video' else 'image' end as kind, posted_at from drawn;
create table observations as
    select 'simulated' as source, i::varchar as post_id, posted_at + to_days(age) as observed_at,
           floor(exp(4 + (account % 40) / 20) * noise * (1 - exp(-pow(age * 2.17, .6))))::bigint as likes,
           floor(noise * 3)::bigint as comments, false as likes_hidden
    from drawn, (select unnest({list(AGES)})::integer as age);
create table latest_observations as
    select source, post_id, max(observed_at) as observed_at, max(likes) as likes, max(comments) as comments,
           false as likes_hidden, max(observed_at) as likes_at, max(observed_at) as comments_at
    from observations group by all;
create table post_labels as
    select 'simulated' as source, i::varchar as post_id, 'simulated' as classifier, 'label ' || number as label, '1' as version
    from (select distinct i, floor(pow({LABELS}, random()))::integer as number from drawn, range({LABELS_PER_POST}));
create view classifier_versions as select 'simulated' as classifier, '1' as version;
create view post_measures as select null as measure, null as numerator, null as denominator where false;
drop table drawn;
"""
_OPTIONS = ("--make", "--train")


def main() -> None:
    """Make the database and train, each in a process of its own; or one of the two."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forecast.scale", description=__doc__)
    for option in _OPTIONS:
        parser.add_argument(option, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.make:
        _make(options.make)
    elif options.train:
        _train(options.train)
    else:
        with tempfile.TemporaryDirectory() as folder:
            for option in _OPTIONS:
                command = [
                    sys.executable,
                    "-m",
                    "benchmarks.forecast.scale",
                    option,
                    str(Path(folder) / "likelens.duckdb"),
                ]
                subprocess.run(command, check=True)


def _make(file: Path) -> None:
    with duckdb.connect(str(file)) as database:
        database.execute("set preserve_insertion_order = false; set enable_progress_bar = false")
        database.execute(_MAKE)


def _train(file: Path) -> None:
    from tasks.forecast.training import ForecastOptions, fit_model

    start, processor = time.perf_counter(), time.process_time()

    def show(done: int, total: int) -> None:
        elapsed, used = time.perf_counter() - start, time.process_time() - processor
        print(f"step {done} of {total} after {elapsed:.0f} s, {used:.0f} s of processor time", flush=True)

    with duckdb.connect(str(file), read_only=True) as database:
        database.execute("set enable_progress_bar = false")
        info = fit_model(database, "likes", ForecastOptions(), show).info
    elapsed, used = time.perf_counter() - start, time.process_time() - processor
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{info.posts:,} posts of {info.accounts:,} accounts: {info.method}, {info.verdict}")
    print(f"{elapsed:.0f} s, {used:.0f} s of processor time, {memory:,.0f} MB at most")


if __name__ == "__main__":
    main()
