"""Write small lakes, check the model with a larger one that it did not see, and print a year of the target in Markdown."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.scale.model import MODELLED, Content, Forecast, simulate
from benchmarks.scale.rates import DAYS, TARGET, Prices, Rates, Speeds

NIGHTS = 10
REFRESH_DAYS = 5
"""Of the lakes that are written, so that their last nights observe as many posts as each later one would."""
MONTHS = (30, 91, 182, 365)


def sample_rates(pictures: float) -> Rates:
    """Rates of a lake that is written: as many pictures for each account as in the target."""
    accounts = max(1, round(pictures * TARGET.accounts / TARGET.pictures))
    return Rates(pictures, accounts, refresh_days=REFRESH_DAYS, full_days=0)


def write_sample(folder: Path, pictures: int) -> dict[str, Any]:
    """The lake after its nights; one that an earlier call wrote is used again."""
    stored = folder / f"s{pictures}.json"
    if not stored.exists():
        rates = {
            "pictures": pictures,
            "accounts": sample_rates(pictures).accounts,
            "refresh_days": REFRESH_DAYS,
        }
        command = [sys.executable, "-m", "benchmarks.scale.nights", str(folder / f"s{pictures}")]
        with stored.open("w") as output:
            subprocess.run([*command, json.dumps(rates), str(NIGHTS)], stdout=output, check=True)
    sample: dict[str, Any] = json.loads(stored.read_text().splitlines()[-1])
    return sample


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    for row in (head, ["---"] * len(head), *rows):
        print("| " + " | ".join(f"{one:,.3g}" if isinstance(one, float) else str(one) for one in row) + " |")
    print()


def check(small: Mapping[str, Any], large: Mapping[str, Any]) -> None:
    """The large lake as the model says, from the small one, and as it is."""
    rates = sample_rates(large["pictures"])
    *_, said = simulate(rates, Content.of(small["rows"], small["bytes"]), len(large["nights"]))
    last = large["nights"][-1]
    rows = []
    for name in MODELLED:
        pairs = (
            (said.rows[name] / 1e3, large["rows"][name] / 1e3),
            (said.bytes[name] / 1e6, large["bytes"][name] / 1e6),
            (said.files[name], large["files"][name]),
            (said.written[name] / 1e6, last["bytes"].get(name, 0) / 1e6),
        )
        rows.append([f"`{name}`", *(f"{a:,.3g}, {b:,.3g}" for a, b in pairs)])
    print(
        f"{large['pictures']:,} pictures a night, night {len(large['nights'])}: the model, and what was written\n"
    )
    table(("table", "thousand rows", "MB", "files", "MB written in the night"), rows)
    first = small["nights"][-1]["seconds"]
    seconds = [[part, first[part], value, value / first[part]] for part, value in last["seconds"].items()]
    table(
        ("processor seconds of the night", f"{small['pictures']:,}", f"{large['pictures']:,}", "ratio"),
        seconds,
    )
    print(f"peak memory {small['megabytes']:,.0f} and {large['megabytes']:,.0f} MB\n")


def year(content: Content, rates: Rates) -> list[Forecast]:
    """Print the tables and the requests of a year."""
    nights = list(simulate(rates, content, DAYS))
    chosen = [nights[month - 1] for month in MONTHS]
    head = ("table", *(f"day {one.night}: million rows, GB, files" for one in chosen))
    rows = [
        [
            f"`{name}`",
            *(
                f"{one.rows[name] / 1e6:,.0f}, {one.bytes[name] / 1e9:,.1f}, {one.files[name]:,}"
                for one in chosen
            ),
        ]
        for name in MODELLED
    ]
    total = [f"{sum(one.bytes.values()) / 1e9:,.0f} GB, {sum(one.files.values()):,} files" for one in chosen]
    table(head, [*rows, ["all", *total]])
    # The last full reading of the year, and an ordinary night beside it.
    full = rates.full_days and DAYS // rates.full_days * rates.full_days
    ordinary, large = nights[-2 if full == DAYS else -1], nights[full - 1]
    rows = [
        [
            f"`{name}`",
            ordinary.written[name] / 1e9,
            large.written[name] / 1e9,
            f"{ordinary.commits[name]:,.0f}",
        ]
        for name in MODELLED
    ]
    table(("table", "GB written, ordinary night", "GB written, full reading", "commits"), rows)
    return nights


def night_costs(rates: Rates, nights: Sequence[Forecast], prices: Prices, speeds: Speeds) -> None:
    """Print what an ordinary night at the end of the year takes, by stage."""
    number = len(nights)
    night = nights[-1]
    commits, written = sum(night.commits.values()), sum(night.written.values())
    pages, full = rates.pages(number), rates.pages(number - number % max(1, rates.full_days))
    hours = {
        "scrape, one host": pages * speeds.delay_seconds / 3600,
        "scrape, one host, full reading": full * speeds.delay_seconds / 3600,
        "fetch": rates.pictures / speeds.fetch / 3600,
        "label with two cores": rates.classifiers * rates.pictures / speeds.cpu_lane / 3600,
        "label with one GPU": rates.classifiers * rates.pictures / speeds.gpu_lane / 3600,
    }
    table(("hours of a night", ""), list(hours.items()))
    stored = number * rates.pictures * rates.picture_bytes / 1e9
    lake = sum(night.bytes.values()) / 1e9
    # A picture is put once and read once for each classifier.
    puts = rates.pictures + 2 * commits
    gets = rates.pictures * rates.classifiers + commits * 10
    money = {
        "GPU, a night": hours["label with one GPU"] * prices.gpu_hour,
        "requests of pictures and commits, a night": (
            puts * prices.thousand_writes + gets * prices.thousand_reads
        )
        / 1000,
        "pictures, a month at the end of the year": stored * prices.gigabyte_month,
        "lake, a month at the end of the year": lake * prices.gigabyte_month,
    }
    amounts = {
        "pages": pages,
        "pages, full reading": full,
        "GB of pages": pages * rates.page_bytes / 1e9,
        "pictures": rates.pictures,
        "GB of pictures": rates.pictures * rates.picture_bytes / 1e9,
        "GB written to the lake": written / 1e9,
        "commits": commits,
        "PUT": puts,
        "GET, without queries": gets,
        "TB of pictures after the year": stored / 1e3,
    }
    table(("a night", ""), [[name, f"{value:,.0f}"] for name, value in amounts.items()])
    table(("US dollars", ""), [[name, f"{value:,.0f}"] for name, value in money.items()])


def main() -> None:
    """Read the options, and print the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--folder", type=Path, help="where the lakes stay; default: a temporary folder")
    parser.add_argument(
        "--pictures", type=int, nargs="+", default=(100, 1_000, 3_000), help="a night, by lake"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (options.folder or Path(temporary)).absolute()
        samples = [write_sample(folder, pictures) for pictures in options.pictures]
    small, large = samples[-2:]
    check(small, large)
    content = Content.of(large["rows"], large["bytes"])
    table(("table", "bytes per row"), [[f"`{name}`", f"{size:.1f}"] for name, size in content.bytes.items()])
    for rates in (TARGET, replace(TARGET, full_days=0)):
        print(f"{rates}\n")
        night_costs(rates, year(content, rates), Prices(), Speeds())


if __name__ == "__main__":
    main()
