"""The checks before a publish: each finds its mistake, in new rows and in all rows, and passes right rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deltalake import write_deltalake

from warehouse.database.check_limits import CheckLimits
from warehouse.database.check_queries import StoredRows
from warehouse.database.checks import check_lake, checks_as_json, describe_checks, problems_of
from warehouse.errors import LakeDamaged
from warehouse.home import Home
from warehouse.schema.tables import TABLES, Row
from warehouse.storage.lake_reader import open_connection

LIMITS = CheckLimits()
BEFORE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def stored(home: Home, labelled_post: Callable[..., list[Row]], picture_row: Any, store_rows: Any) -> Home:
    """Six right posts, each with a labelled picture; their files are from before `BEFORE`."""
    posts = [labelled_post(str(number), ["cat", "sky"], number) for number in range(6)]
    pictures = [picture_row(f"demo {number}") for number in range(6)]
    store_rows(home, [*pictures, *(row for rows in posts for row in rows)])
    assert problems_of(check_lake(home.lake, LIMITS)) == []
    for name in TABLES:
        for file in home.lake.files(name):
            os.utime(file, (0, 0))
    return home


def write_past_the_lake(home: Home, rows: Sequence[Row]) -> None:
    """Append rows without the lake's own check, as a mistake in likelens or another program would."""
    table = TABLES[rows[0].table]
    write_deltalake(str(home.lake.folder / table.name), table.to_arrow(rows), mode="append")


def found(home: Home, since: datetime | None, limits: CheckLimits = LIMITS) -> list[str]:
    return problems_of(check_lake(home.lake, limits, since))


@pytest.mark.slow
@pytest.mark.parametrize("since", [None, BEFORE], ids=["all rows", "new rows"])
def test_a_key_that_is_stored_twice_is_found(stored: Home, label_row: Any, since: datetime | None) -> None:
    """The sentence names the table, the number of keys and one of them."""
    write_past_the_lake(stored, [label_row("demo 3", "dog", rank=2), label_row("demo 3", "dog", rank=3)])
    (problem,) = found(stored, since)
    assert problem.startswith("labels: 1 keys (sha256, classifier, version, region, rank) are stored twice")
    assert problem.endswith("model, 1, 0, 2.")


def test_the_check_of_a_night_finds_doubles_and_lost_pictures_by_the_index(
    stored: Home, label_row: Any, picture_row: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With an index of every file, whatever was stored before and in how many files."""
    monkeypatch.setattr("warehouse.storage.hash_index.MIN_ROWS", 1)
    stored.lake.append([picture_row("demo 6")])
    stored.lake.append([label_row("demo 6", "cat")])
    assert found(stored, BEFORE) == []
    write_past_the_lake(stored, [label_row("demo 3", "dog", rank=2), label_row("nowhere", "dog")])
    write_past_the_lake(stored, [picture_row("demo 6"), picture_row("demo 1")])
    pictures, labels, lost = sorted(found(stored, BEFORE), key=lambda problem: "not in" in problem)
    assert "pictures: 2 keys (sha256) are stored twice" in pictures
    assert "labels: 1 keys" in labels
    assert "labels: 1 values of sha256 are not in the table pictures" in lost


@pytest.mark.parametrize("name", ["labels", "posts", "observations"])
def test_the_check_of_a_night_reads_the_files_that_can_have_its_keys(
    stored: Home, labelled_post: Any, store_rows: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What is stored beside them does not count: here files of other sources and pictures."""
    monkeypatch.setattr("warehouse.storage.hash_index.MIN_ROWS", 1)
    for source in ("a", "b", "c"):
        store_rows(stored, labelled_post("x", ["cat"], 1, source=source))
    with open_connection() as connection:
        for file in stored.lake.files(name):
            os.utime(file, (0, 0))
        store_rows(stored, labelled_post("y", ["cat"], 1, source="d"))
        rows = StoredRows(stored.lake, connection, BEFORE)
        near = rows.rows_like_new(name, TABLES[name].key, name)
        assert len(stored.lake.files(name)) > 2
        assert rows.rows(f"select count(*) from {near}") == [(1,)]


def test_files_that_another_process_merges_during_the_check_lose_no_row(
    stored: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the index finds a file that was not listed, all listed rows are compared."""
    merged = str(stored.lake.folder / "pictures" / "merged.parquet")
    monkeypatch.setattr("warehouse.database.check_queries.find_files", lambda *_: [merged])
    with open_connection() as connection:
        rows = StoredRows(stored.lake, connection, BEFORE)
        compared = rows.rows_like_new("labels", ("sha256",), "pictures")
        number = rows.rows(f"select count(*) from {rows.all_rows('pictures')}")
        assert rows.rows(f"select count(*) from {compared}") == number != [(0,)]


@pytest.mark.slow
def test_keys_are_found_in_any_part(stored: Home, label_row: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A large table is compared in parts, and every double is found."""
    monkeypatch.setattr("warehouse.database.check_queries.ROWS_AT_ONCE", 2)
    write_past_the_lake(stored, [label_row(f"demo {number}", "dog", rank=1) for number in range(6)])
    (problem,) = found(stored, None)
    assert "labels: 6 keys" in problem


@pytest.mark.slow
@pytest.mark.parametrize("since", [None, BEFORE], ids=["all rows", "new rows"])
def test_a_row_without_its_post_or_picture_is_found(
    stored: Home, observation_row: Any, post_picture_row: Any, since: datetime | None
) -> None:
    """Both are named, and a picture that is not fetched yet is right."""
    stored.lake.append([observation_row("nowhere", 1)])
    stored.lake.append([post_picture_row("0", None, position=1), post_picture_row("1", "lost", position=1)])
    posts, pictures = found(stored, since)
    assert "observations: 1 values of source, post_id are not in the table posts" in posts
    assert "nowhere" in posts
    assert "post_pictures: 1 values of sha256 are not in the table pictures" in pictures


@pytest.mark.parametrize("likes", [-1, 10_000_000_001])
def test_a_count_that_can_not_be_true_is_found(stored: Home, observation_row: Any, likes: int) -> None:
    """A negative count, and more likes than there are people; the limit is a setting."""
    stored.lake.append([observation_row("0", likes)])
    (problem,) = found(stored, BEFORE)
    assert "observations: 1 values of likes can't be true" in problem and str(likes) in problem
    raised = found(stored, BEFORE, CheckLimits(max_count=2**62))
    assert len(raised) == (1 if likes < 0 else 0)


@pytest.mark.slow
def test_a_score_outside_0_to_1_is_found(stored: Home, label_row: Any) -> None:
    """Scores above 1, below 0 and NaN are found."""
    scores = (1.5, -0.1, float("nan"))
    stored.lake.append([label_row("demo 0", "x", rank=9 + n, score=score) for n, score in enumerate(scores)])
    (problem,) = found(stored, BEFORE)
    assert "labels: 3 values of score" in problem


def test_rows_of_checked_files_are_not_checked_again(stored: Home, observation_row: Any) -> None:
    """A publish costs what is new: a mistake in an older file is found only without a time."""
    stored.lake.append([observation_row("0", -5)])
    for file in stored.lake.files("observations"):
        os.utime(file, (0, 0))
    assert found(stored, BEFORE) == []
    assert len(found(stored, None)) == 1


@pytest.mark.slow
def test_old_observations_stop_only_where_the_settings_say_so(stored: Home) -> None:
    """Without a limit an old home folder can be published; with one the sentence has the age."""
    assert found(stored, BEFORE) == []
    (problem,) = found(stored, BEFORE, CheckLimits(max_age_days=3))
    assert "days old, and max_age_days is 3" in problem
    assert found(stored, BEFORE, CheckLimits(max_age_days=36_500)) == []


@pytest.mark.slow
def test_many_failed_pictures_stop_only_where_the_settings_say_so(stored: Home, fetch_row: Any) -> None:
    """Pictures that failed before, and came at a later attempt, count once."""
    now = datetime.now(UTC)
    earlier = BEFORE - timedelta(days=1)
    urls = {f"http://cdn.example/{number}.jpg": number for number in range(30)}
    stored.lake.append([fetch_row(url, None, attempted_at=earlier) for url in urls])
    names = {url: f"demo {number % 6}" if number < 12 else None for url, number in urls.items()}
    stored.lake.append([fetch_row(url, name, attempted_at=now) for url, name in names.items()])
    assert found(stored, BEFORE) == []
    (problem,) = found(stored, BEFORE, CheckLimits(max_failed_share=0.5))
    assert "fetches: 18 of 30 pictures failed since the last publish" in problem
    assert found(stored, BEFORE, CheckLimits(max_failed_share=0.6)) == []


@pytest.mark.slow
def test_the_results_are_one_line(stored: Home, observation_row: Any) -> None:
    """The journal has rows and problems by check, and the summary the names."""
    assert describe_checks(None) == describe_checks('{"pages": 1}') == ""
    passed = checks_as_json(check_lake(stored.lake, LIMITS, BEFORE))
    assert describe_checks(passed) == (
        "Checks passed: keys, references, counts, vectors, freshness, failed_pictures."
    )
    stored.lake.append([observation_row("0", -5)])
    failed = checks_as_json(check_lake(stored.lake, LIMITS, BEFORE))
    assert '"counts": {"rows": 1, "problems": 1}' in failed
    assert describe_checks(failed).startswith("Checks failed: counts; passed: keys, ")


def test_a_missing_file_is_reported_as_damage(stored: Home) -> None:
    """A file that the log names and the disk lacks ends the checks with the table's name."""
    Path(stored.lake.files("labels")[0]).unlink()
    with pytest.raises(LakeDamaged, match="labels"):
        check_lake(stored.lake, LIMITS)
