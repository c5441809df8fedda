"""The options of `likelens rank` that choose posts, pairs and the model."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from flows.commands.rank import rank
from flows.ranking_table import describe_differences
from flows.time_slices import check_time_zone
from warehouse.ranking.lift_changes import COLUMNS
from warehouse.ranking.ranking_query import RankingQuery

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
        ("--by", "likes", "--weekday", "mon,noday"),
        ("--by", "likes", "--weekday", "monkey"),
        ("--by", "likes", "--hour", "6-25"),
        ("--by", "likes", "--hour", "6-6"),
        ("--by", "likes", "--against-before", "--since", "2026-01-01"),
        ("--by", "likes", "--against-before", "--since", "2026-02-01", "--until", "2026-01-01"),
        ("--by", "likes", "--against-before", "--since", "0001-01-01", "--until", "2026-01-01"),
        ("--by", "likes", "--as-of", "today"),
    ],
)
def test_options_that_do_not_fit_are_refused(ran, command, arguments):
    """The message names the option; the exit status is 2."""
    refused = command(ran, "rank", "--classifier", "visual", *arguments)
    assert refused.returncode == 2
    assert (
        next(
            option
            for option in arguments
            if option.startswith("--") and option not in ("--by", "--statistic")
        )
        in refused.stderr
    )


@pytest.mark.slow
def test_a_ranking_is_drawn_to_a_file(ran, command, tmp_path):
    """The chart has the labels and says what was chosen; the ranking is printed as without it."""
    file = tmp_path / "likes.svg"
    shown = command(ran, *VISUAL, "--kind", "image", "--format", "json", "--chart", str(file))
    labels = [row["label"] for row in rows(shown)]
    drawn = file.read_text("utf-8")
    assert all(label in drawn for label in labels)
    assert "kind image" in drawn
    assert f"Chart: {file}" in shown.stderr


@pytest.mark.parametrize(
    ("file", "reason"),
    [("chart.gif", "Let it end in .svg, .png, .html or .json."), ("none/chart.svg", "There is no folder")],
)
def test_a_chart_that_cannot_be_written_is_refused(tmp_path, file, reason):
    """The message says what to write instead, before anything is read; the exit status is 2."""
    refused = CliRunner().invoke(
        rank, ["--classifier", "c", "--by", "likes", "--chart", str(tmp_path / file)]
    )
    assert refused.exit_code == 2
    assert reason in refused.output


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


def test_near_reposts_need_embeddings(ran, command):
    """Without any, the message names the setting, and nothing is counted."""
    refused = command(ran, *VISUAL, "--without-near-reposts")
    assert refused.returncode == 2
    assert refused.stdout == ""
    assert "Set embeddings = true" in refused.stderr


@pytest.mark.slow
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


@pytest.mark.slow
def test_parquet_is_what_polars_reads(ran, prefect, command):
    """Standard output is a Parquet file with the rows of the other formats."""
    program = [Path(sys.executable).with_name("likelens"), *VISUAL, "--format", "parquet"]
    parquet = subprocess.run(program, cwd=ran, env=prefect, capture_output=True, check=True).stdout
    assert pl.read_parquet(io.BytesIO(parquet)).to_dicts() == rows(command(ran, *VISUAL, "--format", "json"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("by", "statistic", "note"),
    [
        ("likes", "trimmed", "leaves out a tenth of the posts at each end"),
        ("comments", "geometric", "of the numbers plus 1, less 1"),
        ("comments_per_like", "median", "without likes, or without a known number"),
    ],
)
def test_the_command_has_the_digits_of_sql(ran, command, by, statistic, note):
    """`likelens rank` and `top_labels` have the same rows, and a note says how posts are counted."""
    shown = command(
        ran, "rank", "--classifier", "visual", "--by", by, "--statistic", statistic, "--format", "json"
    )
    macro = "top_labels_by" if by == "comments_per_like" else "top_labels"
    query = f"from {macro}('visual', by := '{by}', statistic := '{statistic}')"
    by_sql = rows(command(ran, "sql", "--format", "json", query))
    found = rows(shown)
    assert len(found) == 10
    assert [{name: row[name] for name in found[0]} for row in by_sql] == found
    assert note in shown.stderr
    assert " posts counted; left out: " in shown.stderr


def test_a_ratio_has_the_median_where_the_settings_have_lift(ran, command):
    """The statistic of the settings does not fit, so the table is by the median, with enough decimals."""
    shown = command(ran, "rank", "--classifier", "visual", "--by", "comments_per_like")
    assert "comments per like, median per post" in shown.stdout
    refused = command(
        ran, "rank", "--classifier", "visual", "--by", "likes_per_follower", "--statistic", "lift"
    )
    assert refused.returncode == 2
    assert "--by likes_per_follower has no lift. Use --statistic mean, median or trimmed." in refused.stderr


def test_what_people_say_has_a_lift_and_its_comments(ran, command):
    """Rankings by tone and by comments per like have lifts, the numbers they are shares of, and what was measured."""
    shown = command(ran, "rank", "--classifier", "visual", "--by", "tone", "--format", "json")
    for row in rows(shown):
        assert row["low"] < row["lift"] < row["high"]
        assert 0 < row["rate"] <= 1
        assert row["denominator"] >= row["posts"]
    assert re.search(r"Of [\d,]+ stored comments [\d,]+ \(\d+ %\) were read, and of the", shown.stderr)
    assert "have a measured tone." in shown.stderr
    table = command(ran, "rank", "--classifier", "visual", "--by", "comments_per_like", "--statistic", "lift")
    assert "lift of comments per like" in " ".join(table.stdout.split())
    assert "likes" in table.stdout.split("rank")[1].splitlines()[0]


@pytest.mark.slow
def test_weekdays_and_hours_are_those_of_the_settings_zone(ran, command):
    """All weekdays together have all posts, the title names the zone, and a wrong zone gets the nearest names."""
    mean = ("rank", "--classifier", "visual", "--by", "count", "--top", "1000")
    everything = {row["label"]: row["posts"] for row in rows(command(ran, *mean, "--format", "json"))}
    week: dict[str, int] = {}
    for days in ("mon,tue,wed,thursday", "fri", "Sat,sun"):
        for row in rows(command(ran, *mean, "--weekday", days, "--format", "json")):
            week[row["label"]] = week.get(row["label"], 0) + row["posts"]
    assert week == everything
    title = command(ran, *mean, "--weekday", "mon", "--hour", "22-4").stdout.split("rank")[0]
    assert "mon 22-4 UTC" in " ".join(title.split())
    settings = ran / "likelens.toml"
    text = settings.read_text()
    (ran / "zone.toml").write_text(text + '\n[rank]\ntime_zone = "Europe/Berlni"\n')
    wrong = command(ran, *mean, "--config", "zone.toml")
    assert wrong.returncode == 2
    assert "did you mean Europe/Berlin" in wrong.stderr


def test_the_zone_of_the_machine_is_refused():
    """DuckDB has no zone of this name, which Python has on many machines."""
    with pytest.raises(ValueError, match="there is no time zone 'localtime'"):
        check_time_zone("localtime")


def test_a_change_of_adjusted_lifts_is_not_compared_with_those_alone():
    """The ranking has no column alone, so no sentence names it."""
    question = RankingQuery("visual", "likes", "lift", adjusted=True, against_before=True)
    assert describe_differences(pl.DataFrame(schema=dict.fromkeys(COLUMNS, pl.Float64)), question) == []


def test_a_day_before_the_run_has_no_ranking(ran, command):
    """The reason names the day of the first labels."""
    shown = command(ran, *VISUAL, "--as-of", "2020-01-01")
    assert (
        "At the end of 2020-01-01 no picture had a label of visual: its first labels are of" in shown.stderr
    )


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--source", "dmo"), "No post of a source 'dmo' is stored. Did you mean 'demo'?"),
        (("--by", "shares"), "without a known number of shares"),
        (("--by", "likes_per_follower"), "without a known number of followers within 30 days of the post"),
        (("--by", "likes_first_week"), "around an age of seven days"),
        (
            ("--since", "2020-01-01", "--until", "2020-01-31", "--hour", "3"),
            "Use other values of --since, --until and --hour.",
        ),
    ],
)
def test_an_empty_ranking_says_why(ran, command, options, reason):
    """Each option has its reason."""
    shown = command(ran, *VISUAL[:3], "--by", "likes", *options)
    assert shown.returncode == 0
    assert reason in shown.stderr


def test_an_unknown_classifier_gets_the_nearest_name(ran, command):
    """The message lists the classifiers with labels, and the one that is written alike."""
    shown = command(ran, "rank", "--classifier", "visaul", "--by", "likes")
    assert shown.returncode == 2
    assert "Did you mean 'visual'?" in shown.stderr
