"""Counts and ids that mean one thing or another by the other cells of their column."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.scrape.rows.evidence import CountColumn, IdColumn

URL = "https://x.example/p/{post_id}"
AMBIGUOUS = None

COLUMNS: list[tuple[list[Any], list[int | None]]] = [
    (["1.903", "2.000", "12.000", "1.250.000"], [1_903, 2_000, 12_000, 1_250_000]),  # German
    (["1,903", "2,000", "1,250,000"], [1_903, 2_000, 1_250_000]),
    (["12", "1.000", "7"], [12, 1_000, 7]),
    (["1.903", "2.000"], [1_903, 2_000]),
    (["2.000", "12.125", "2.500"], [2_000, 12_125, 2_500]),
    (["1 903", "2 000", "12"], [1_903, 2_000, 12]),
    (["2.000", "12.000"], [AMBIGUOUS, AMBIGUOUS]),  # thousands, or a program's three decimals
    (["2.000", "1903.000"], [AMBIGUOUS, 1_903]),
    (["2.000", "0.000"], [AMBIGUOUS, AMBIGUOUS]),
    (["2,000", "3,0"], [AMBIGUOUS, AMBIGUOUS]),
    (["1,903", "2.000"], [1_903, AMBIGUOUS]),
    (
        ["1.903", "2.0", "12.0", "36.044"],
        [1_903, AMBIGUOUS, AMBIGUOUS, 36_044],
    ),  # German numbers that pandas has read
    (["1.250.000", "2.0", "2.000", "1903.0"], [1_250_000, AMBIGUOUS, 2_000, 1_903]),
    (["1.250.000", "12.34", "2.000"], [1_250_000, None, 2_000]),  # one bad cell costs itself
    (["1903.0", "3.0", "0.0", "12"], [1_903, 3, 0, 12]),  # pandas
    (["36.4", "1.2", "36.0", "9.9", "0"], [None, None, AMBIGUOUS, None, 0]),  # thousands of likes
    (["1.2k", "36.0k", "980", "3.0"], [1_200, 36_000, 980, 3]),
    ([1.903, 2.0, 12.0], [None, AMBIGUOUS, AMBIGUOUS]),
    ([1.903, 2, 7], [None, AMBIGUOUS, AMBIGUOUS]),  # JavaScript writes 2.0 as 2
    ([1903.0, 12.5, 7.0], [1_903, None, 7]),
    ([12.0, 1.5], [12, None]),
    ([Decimal("12.00"), Decimal("1903.00"), Decimal("0.50")], [12, 1_903, None]),
    ([5, "7", None, True, -1, 2**80, float("inf")], [5, 7, None, None, None, None, None]),
    (["", "N/A", "-", "NaN", "1e3", "2.0000"], [None, None, None, None, None, None]),
]


@pytest.mark.parametrize(("values", "expected"), COLUMNS, ids=[str(values)[:40] for values, _ in COLUMNS])
def test_a_column_decides_what_its_cells_mean(values: list[Any], expected: list[int | None]) -> None:
    """A count is read if the column leaves one meaning; with two meanings it is an error that names them."""
    column = CountColumn()
    for value in values:
        column.note(value)
    assert [read(column, value) for value in values] == expected


def read(column: CountColumn, value: Any) -> int | None:
    try:
        return column.read(value).value
    except ValueError:
        return None


@given(st.lists(st.text(max_size=8) | st.integers() | st.floats() | st.none() | st.booleans(), max_size=6))
def test_any_column_gives_counts_or_value_errors(values: list[Any]) -> None:
    """Each value of any column is a count that the tables store, or a ValueError."""
    column = CountColumn()
    for value in values:
        column.note(value)
    assert all(count is None or 0 <= count < 2**63 for count in (read(column, value) for value in values))


ROUNDED = ["3356780000000000000", "3356790000000000000"]


@pytest.mark.parametrize(
    ("ids", "is_rounded"),
    [
        (ROUNDED, True),
        ([int(one) for one in ROUNDED], True),
        ([*ROUNDED, "17", "short"], True),
        (["1234567890123450", *(f"12345678901234{n}0" for n in range(1, 10))], True),
        ([*ROUNDED, "3356780000000000001"], False),  # one that is whole shows that none was rounded
        (ROUNDED[:1], False),  # one may be an accident
        ([ROUNDED[0]] * 5, False),
        (["1714587600000000000", "1714587611000000000"], False),  # seconds in nanoseconds
        (["123456789012345", "100000000000000"], False),  # no more digits than a spreadsheet keeps
    ],
)
def test_long_ids_that_all_end_in_zeros_are_rounded(ids: list[Any], is_rounded: bool) -> None:
    """If all long ids of a file end in zeros after the 15th digit, they are rounded; one other id disproves it."""
    column = IdColumn()
    for one in ids:
        column.note(one)
    assert column.is_rounded(ids[0]) == is_rounded
    assert not column.is_rounded("17")


def test_german_thousands_in_every_kind_of_file(importing, files, table, jsonl, row) -> None:
    """The same texts are the same counts in CSV, Parquet and JSON Lines."""
    texts = ["1.903", "2.000", "12.000", "1.250.000"]
    lines = ["post_id;likes;kind", *(f"p{n};{one};video" for n, one in enumerate(texts))]
    files.write("posts.csv", "\n".join(lines).encode())
    columns = {"post_id": [f"p{n}" for n in range(4)], "likes": texts, "kind": ["video"] * 4}
    frame(files, columns)
    files.lines("posts.jsonl", *(row(f"p{n}", likes=one) for n, one in enumerate(texts)))
    more = {"url": URL, "account": "ann"}
    for settings in (table(separator=";", **more), table(file="posts.parquet", **more), jsonl()):
        posts = importing.posts(settings)
        assert [post.likes for post in posts.values()] == [1_903, 2_000, 12_000, 1_250_000]
        assert importing.problems(settings) == []


def frame(files, columns: dict[str, Any], **types: Any) -> None:
    table = pl.DataFrame(columns, schema_overrides=types)
    table.write_parquet(files.folder / "posts.parquet")
    os.utime(files.folder / "posts.parquet", (1_700_000_000, 1_700_000_000))


def read_parquet(
    importing, files, table, columns: dict[str, Any], **types: Any
) -> tuple[dict[str, Any], list[str]]:
    length = len(next(iter(columns.values())))
    frame(files, {"kind": ["video"] * length, "post_id": [f"p{n}" for n in range(length)]} | columns, **types)
    settings = table(file="posts.parquet", url=URL, account="ann")
    return importing.posts(settings), importing.problems(settings)


FLOATS = [
    ([1903.0, None, float("nan"), 1903.5, float("inf")], pl.Float64, [1_903, None, None, None, None], 2),
    ([2.0**53, 2.0**53 - 1, -1.0, 0.0], pl.Float64, [None, 2**53 - 1, None, 0], 2),
    ([16_777_215.0, 20_000_001.0, 1903.0], pl.Float32, [16_777_215, None, 1_903], 1),
    ([1.903, 2.0, 12.0], pl.Float32, [None, None, None], 3),
    ([255, 0], pl.UInt8, [255, 0], 0),
    ([-1, 127], pl.Int8, [None, 127], 1),
    ([2**64 - 1, 2**63 - 1], pl.UInt64, [None, 2**63 - 1], 1),
    ([True, False], pl.Boolean, [None, None], 2),
    (["1.903", "1.250.000"], pl.Categorical, [1_903, 1_250_000], 0),
    ([b"36,044", b"7"], pl.Binary, [36_044, 7], 0),
    ([Decimal("1903.00"), Decimal("0.50")], pl.Decimal(12, 2), [1_903, None], 1),
]


@pytest.mark.parametrize(
    ("values", "kind", "expected", "problems"), FLOATS, ids=[str(one[1]) for one in FLOATS]
)
def test_typed_columns_give_exact_whole_counts(
    importing, files, table, values, kind, expected, problems
) -> None:
    """A typed column gives counts that are exact and whole; other values are null and reported with their row."""
    posts, reported = read_parquet(importing, files, table, {"likes": values}, likes=kind)
    assert [post.likes for post in posts.values()] == expected
    assert len(reported) == problems
    assert all(one.startswith("posts.parquet, row ") and ": likes: " in one for one in reported)


def test_long_ids_in_float_columns_are_rejected(importing, files, table) -> None:
    """An id below 2**53 in a float column is exact; a longer one has lost digits, and its row is skipped and reported."""
    posts, reported = read_parquet(importing, files, table, {"post_id": [1903.0, 3.35678e18, None]})
    assert list(posts) == ["1903"]
    assert (
        "row 2: post_id: 3.35678e+18 is not an id: as a number with decimals it has lost digits"
        in reported[0]
    )
    assert "row 3: post_id: is missing" in reported[1]
    posts, reported = read_parquet(
        importing, files, table, {"post_id": [1903.0, 16_777_217.0]}, post_id=pl.Float32
    )
    assert (list(posts), len(reported)) == (["1903"], 1)


def test_rounded_ids_are_never_stored(importing, files, table) -> None:
    """Rounded ids of posts and comments are never stored, whatever their type in the file."""
    posts, reported = read_parquet(importing, files, table, {"post_id": [int(one) for one in ROUNDED] + [5]})
    assert list(posts) == ["5"]
    assert (
        "row 1: post_id: 3356780000000000000 is not an id: all long ids of this file end in zeros"
        in reported[0]
    )
    files.write("posts.csv", b"account,post_id,kind\nann,p1,video\n")
    comments = [f"p1,{one},x," for one in ROUNDED] + ["p1,c1,x,3.35678E+18"]
    files.write("comments.csv", "\n".join(["post_id,comment_id,text,parent_id", *comments]).encode())
    settings = table(url=URL, comments_file="comments.csv")
    assert [(one.comment_id, one.parent_id) for one in importing.posts(settings)["p1"].thread] == [
        ("c1", None)
    ]
    reported = importing.problems(settings)
    assert "comments.csv, line 2: comment_id: '3356780000000000000' is not an id" in reported[0]
    assert (
        "comments.csv, line 4: parent_id: '3.35678E+18' is not an id: a spreadsheet has rounded it"
        in reported[2]
    )


def test_rounded_ids_in_threads_are_never_stored(importing, files, jsonl, row) -> None:
    """A comment in a post's thread whose id a spreadsheet has rounded is skipped and reported; its post stays."""
    thread = [{"comment_id": one, "text": "x"} for one in (*ROUNDED, "c1")]
    replies = [{"comment_id": f"r{one}", "parent_id": one} for one in ROUNDED]
    files.lines("posts.jsonl", row("a", thread=thread), row("b", thread=replies))
    assert [one.comment_id for one in importing.posts(jsonl())["a"].thread] == ["c1"]
    assert importing.posts(jsonl())["b"].thread == ()
    reported = importing.problems(jsonl())
    assert "posts.jsonl, line 1: thread[0].comment_id: '3356780000000000000' is not an id" in reported[0]
    assert "posts.jsonl, line 2: thread[0].parent_id: '3356780000000000000' is not an id" in reported[2]


def test_typed_times_have_the_same_range(importing, files, table) -> None:
    """Times of a typed column lie between 2000 and tomorrow; a day outside Python's range is reported like others."""
    values = [datetime(2024, 5, 1), datetime(1970, 1, 1), datetime(2150, 1, 1), None]
    posts, reported = read_parquet(importing, files, table, {"posted_at": values})
    assert [post.posted_at is not None for post in posts.values()] == [True, False, False, False]
    assert "row 2: posted_at: 1970-01-01 00:00 lies before 2000" in reported[0]
    assert "row 3: posted_at: 2150-01-01 00:00 lies in the future" in reported[1]
    posts, reported = read_parquet(
        importing, files, table, {"posted_at": [2**62, 0, 1_714_587_600_000]}, posted_at=pl.Datetime("ms")
    )
    assert [post.posted_at for post in posts.values()] == [
        None,
        None,
        datetime(2024, 5, 1, 18, 20, tzinfo=UTC),
    ]
    assert "row 1: posted_at: " in reported[0] and "is not a time" in reported[0]
    posts, reported = read_parquet(importing, files, table, {"posted_at": [45_413.76, 1_714_587_600.0]})
    assert posts["p1"].posted_at == datetime(2024, 5, 1, 18, 20, tzinfo=UTC)
    assert (
        "row 1: posted_at: 45413.76 is not a time: it looks like a spreadsheet's number of days"
        in reported[0]
    )
