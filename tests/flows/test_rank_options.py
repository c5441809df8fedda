"""The options of `likelens rank` that choose posts, pairs and the model."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from flows.commands.rank import rank

SETTINGS = """
[[sources]]
name = "demo"
kind = "jsonl"
file = "posts.jsonl"

[[classifiers]]
name = "visual"
kind = "visual"

[rank]
statistic = "mean"
"""
VISUAL = ("rank", "--classifier", "visual", "--by", "likes", "--min-posts", "3")


def rows(shown) -> list[dict]:
    """The rows of a ranking as JSON."""
    assert shown.returncode == 0, shown.stderr
    return json.loads(shown.stdout)


def test_within_a_label_only_its_posts_count(ran, command):
    """The posts are those with the label, which has no row itself."""
    everything = rows(command(ran, *VISUAL, "--statistic", "mean", "--top", "1000", "--format", "json"))
    label = max(everything, key=lambda row: row["posts"])
    inside = rows(command(ran, *VISUAL, "--within", label["label"], "--top", "1000", "--format", "json"))
    assert inside
    assert label["label"] not in {row["label"] for row in inside}
    assert all(row["posts"] <= label["posts"] for row in inside)


def test_a_misspelt_label_gets_the_nearest_names(ran, command):
    """The reason names the labels that are written alike."""
    (first, *_) = rows(command(ran, *VISUAL, "--statistic", "mean", "--format", "json"))
    shown = command(ran, *VISUAL, "--within", first["label"] + "x")
    assert f"Did you mean '{first['label']}'" in shown.stderr
    account = command(ran, *VISUAL, "--account", "likelens_dem")
    assert "Did you mean 'likelens_demo'?" in account.stderr


def test_pairs_have_both_names_and_fewer_posts(ran, command):
    """A pair's posts have both labels."""
    single = {
        row["label"]: row["posts"] for row in rows(command(ran, *VISUAL, "--top", "1000", "--format", "json"))
    }
    pairs = rows(command(ran, *VISUAL, "--pairs", "--top", "1000", "--format", "json"))
    assert pairs
    for row in pairs:
        one, two = row["label"].split(" + ")
        assert row["posts"] <= min(single.get(one, 1000), single.get(two, 1000))


def test_adjusted_lifts_stand_beside_those_alone(ran, command):
    """The column alone has the lift of the other ranking, and a sentence says whether they differ."""
    arguments = (*VISUAL[:-1], "5", "--top", "1000")
    alone = {row["label"]: row["lift"] for row in rows(command(ran, *arguments, "--format", "json"))}
    shown = command(ran, *arguments, "--adjusted", "--format", "json")
    adjusted = rows(shown)
    assert adjusted
    assert {row["label"]: row["alone"] for row in adjusted}.items() <= alone.items()
    assert "Other than alone: " in shown.stderr or "agree with those of the labels alone" in shown.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--by", "comments", "--adjusted"),
        ("--by", "likes", "--adjusted", "--statistic", "mean"),
        ("--by", "count", "--pairs"),
        ("--by", "likes", "--since", "yesterday"),
    ],
)
def test_options_that_do_not_fit_are_refused(ran, command, arguments):
    """The message names the option; the exit status is 2."""
    refused = command(ran, "rank", "--classifier", "visual", *arguments)
    assert refused.returncode == 2
    assert (
        next(option for option in arguments if option in ("--adjusted", "--pairs", "--since"))
        in refused.stderr
    )


@pytest.mark.parametrize("option", ["--pairs", "--adjusted"])
def test_the_advice_holds_where_the_settings_have_another_statistic(tmp_path, option):
    """The message names the option that overrides the statistic of the settings."""
    file = tmp_path / "likelens.toml"
    file.write_text(SETTINGS)
    shown = CliRunner().invoke(
        rank, ["--config", str(file), "--classifier", "visual", "--by", "likes", option]
    )
    assert shown.exit_code == 2
    assert "--statistic lift" in shown.output


def test_a_period_and_a_source_choose_posts(ran, command):
    """Two periods that follow each other have all posts of the source together."""
    mean = (*VISUAL[:-1], "1", "--statistic", "mean", "--top", "1000", "--source", "demo", "--format", "json")
    posts = {row["label"]: row["posts"] for row in rows(command(ran, *mean))}
    days = sorted(
        {
            day
            for (day,) in pl.read_csv(
                io.StringIO(
                    command(
                        ran, "sql", "--format", "csv", "select posted_at::date::varchar as day from posts"
                    ).stdout
                )
            ).rows()
        }
    )
    middle = days[len(days) // 2]
    before = rows(command(ran, *mean, "--until", days[len(days) // 2 - 1]))
    after = rows(command(ran, *mean, "--since", middle))
    both: dict[str, int] = {}
    for row in (*before, *after):
        both[row["label"]] = both.get(row["label"], 0) + row["posts"]
    assert both == posts
    assert command(ran, *mean, "--source", "other").stdout.strip() == "[]"


def test_parquet_is_what_polars_reads(ran, prefect, command):
    """Standard output is a Parquet file with the rows of the other formats."""
    program = [Path(sys.executable).with_name("likelens"), *VISUAL, "--format", "parquet"]
    parquet = subprocess.run(program, cwd=ran, env=prefect, capture_output=True, check=True).stdout
    assert pl.read_parquet(io.BytesIO(parquet)).to_dicts() == rows(command(ran, *VISUAL, "--format", "json"))
