"""The schema's round trip, and what it says of each value that does not fit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import BadInput
from tasks.scrape.rows.schema import CommentRow, PostRow
from tasks.scrape.rows.validation import RowError, validate_row

COUNTS = st.none() | st.integers(0, 2**63 - 1)
TIMES = st.none() | st.datetimes(datetime(2000, 1, 2), datetime(2025, 1, 1), timezones=st.just(UTC))
TEXTS = st.none() | st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip())
LETTERS = st.characters(codec="utf-8", exclude_categories=["Z", "C"], exclude_characters="\ufffd")
IDS = st.text(LETTERS, min_size=1, max_size=40).filter(
    lambda text: text.upper() not in ("NAN", "NONE", "NULL", "NAT")
)
NAMES = st.none() | st.text(LETTERS, min_size=1)
COMMENTS = st.builds(
    CommentRow,
    comment_id=IDS,
    author=NAMES,
    text=TEXTS,
    parent_id=st.none() | IDS,
    posted_at=TIMES,
    likes=COUNTS,
)
PICTURES = st.lists(st.integers(0).map(lambda number: f"https://x.example/{number}.jpg"), max_size=4)
POSTS = st.builds(
    PostRow,
    account=IDS,
    post_id=IDS,
    url=st.just("https://x.example/p"),
    kind=st.sampled_from(["video", "carousel"]),
    posted_at=TIMES,
    observed_at=TIMES,
    caption=TEXTS,
    place=TEXTS,
    pinned=st.none() | st.booleans(),
    likes=COUNTS,
    comments=COUNTS,
    likes_rounded=st.booleans(),
    pictures=PICTURES,
    thread=st.none() | st.lists(COMMENTS, max_size=3),
)


@pytest.mark.slow
@given(POSTS)
def test_a_row_round_trips_through_json(post: PostRow) -> None:
    """A row that is written as JSON and read again is equal, to the last digit and letter."""
    assert validate_row(PostRow, json.loads(post.model_dump_json())) == (post, [])


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
KEYS = st.sampled_from([*PostRow.model_fields]) | st.text(max_size=6)


@given(st.dictionaries(KEYS, ANY, max_size=8), st.lists(st.dictionaries(KEYS, ANY) | ANY, max_size=2))
def test_any_values_are_a_row_or_a_row_error(value: dict[str, Any], thread: list[Any]) -> None:
    """Any values are a row that can be written again, or a RowError, and never a crash."""
    for given_row in (value, {"account": "a", "post_id": "p", "kind": "video", **value, "thread": thread}):
        try:
            row, _ = validate_row(PostRow, given_row)
        except RowError:
            continue
        assert PostRow.model_validate_json(row.model_dump_json()) == row


LOST: list[tuple[dict[str, Any], str]] = [
    ({"likes": -1}, "likes: -1 is not a count; for hidden likes write likes_hidden = true and no likes"),
    ({"likes": True}, "likes: true is not a count"),
    ({"likes": 1.5}, "likes: 1.5 is not a count; write a whole number from 0 on, or null when unknown"),
    ({"likes": "12.34"}, "likes: '12.34' is not a count"),
    ({"comments": 10**50}, "comments: a huge number is not a count"),
    ({"likes_hidden": True, "likes": 3}, "likes: a row with likes_hidden = true has no likes; remove likes"),
    ({"likes_hidden": "maybe"}, "likes_hidden: 'maybe' is neither true nor false"),
    ({"pinned": 2}, "pinned: 2 is neither true nor false"),
    (
        {"posted_at": "yesterday"},
        "posted_at: 'yesterday' is not a time; write ISO 8601, as 2024-05-01T18:20:00Z",
    ),
    (
        {"posted_at": 45_413.76},
        "posted_at: 45413.76 is not a time: it looks like a spreadsheet's number of days",
    ),
    ({"posted_at": "1969-12-31"}, "posted_at: 1969-12-31 00:00 lies before 2000"),
    ({"posted_at": True}, "posted_at: true is not a time"),
    ({"caption": 5}, "caption: 5 is not text; write it in quotes"),
    ({"caption": ["a"]}, "caption: […] is not text"),
    ({"pictures": "a.jpg"}, "pictures: 'a.jpg' is not a list"),
    ({"pictures": [None]}, "pictures[0]: null is not text"),
    ({"url": "javascript:alert(1)"}, "url: 'javascript:alert(1)' is not an http or https address"),
    ({"url": "https://x.example/caf\ufffd"}, "is not an http or https address"),
    ({"thread": {}}, "thread: {…} is not a list"),
    ({"thread": [5]}, "thread[0]: 5 is not an object"),
    ({"thread": [{}, {"likes": -2}]}, "thread[1].likes: -2 is not a count"),
    ({"thread": [{"comment_id": ""}]}, "thread[0].comment_id: '' is not an id"),
    (
        {"thread": [{"parent_id": "3.35678E+18"}]},
        "thread[0].parent_id: '3.35678E+18' is not an id: a spreadsheet has rounded it",
    ),
    (
        {"thread": [{"author": "jos\ufffd"}]},
        "thread[0].author: 'jos\ufffd' is not a name: some letters were lost",
    ),
]


@pytest.mark.parametrize(("more", "message"), LOST, ids=[str(more)[:40] for more, _ in LOST])
def test_an_optional_value_that_does_not_fit_costs_only_itself(row, more, message) -> None:
    """It is null and reported with field, value and the correct form; the row's other values stay."""
    good = {"place": "Pier", "comments": 2} | row(**more)
    found, lost = validate_row(PostRow, {key: one for key, one in good.items() if key != "v"})
    assert [message in str(one) for one in lost] == [True]
    assert (found.post_id, found.kind, found.place) == ("p1", "image", "Pier")
    assert found.comments == (None if "comments" in more else 2)


def test_values_that_depend_on_a_lost_one_are_removed() -> None:
    """Likes beside an unreadable likes_hidden may stand for hidden ones; a comment without its id may be another."""
    base = {"account": "a", "post_id": "p", "kind": "video"}
    row, _ = validate_row(PostRow, base | {"likes": 0, "likes_hidden": "maybe"})
    assert (row.likes, row.likes_hidden) == (None, False)
    row, _ = validate_row(PostRow, base | {"likes": 36_000, "likes_rounded": "maybe"})
    assert (row.likes, row.likes_rounded) == (36_000, True)
    row, lost = validate_row(PostRow, base | {"thread": [{"comment_id": 1e20, "likes": -1}, {"likes": 1}]})
    assert row.thread == (CommentRow(likes=1),) and len(lost) == 2
    row, _ = validate_row(PostRow, base | {"kind": "carousel", "pictures": [1, "a.jpg", None, "b.jpg"]})
    assert row.pictures == ("a.jpg", "b.jpg")


BAD: list[tuple[dict[str, Any], str]] = [
    ({"observed_at": -5}, "observed_at: -5 is not a Unix time"),
    ({"kind": "photo"}, "kind: 'photo' is not one of 'image', 'video' or 'carousel'"),
    ({"kind": None}, "kind: it is missing, and there are no pictures to infer it from"),
    ({"kind": None, "pictures": 5}, "pictures: 5 is not a list; kind: it is missing"),
    (
        {"pictures": ["https://x.example/1", "https://x.example/2"]},
        "kind: 'image' has one picture, and there are 2",
    ),
    ({"post_id": ""}, "post_id: '' is not an id"),
    ({"post_id": 1.5}, "post_id: 1.5 is not text"),
    ({"post_id": "x" * 600}, "is not an id; an id is a text of 1 to 512 characters"),
    (
        {"post_id": "3.35678E+18"},
        "post_id: '3.35678E+18' is not an id: a spreadsheet has rounded it; write ids as text",
    ),
    ({"post_id": "3,35678e+18"}, "a spreadsheet has rounded it"),
    (
        {"post_id": 3.35678e18},
        "post_id: 3.35678e+18 is not an id: as a number with decimals it has lost digits",
    ),
    ({"post_id": 2.0**53}, "it has lost digits"),
    ({"post_id": "9007199254740993.0"}, "it has lost digits"),
    ({"post_id": "nan"}, "post_id: 'nan' is not an id; it means that there is no value"),
    (
        {"post_id": "p\ufffd"},
        "is not an id: some letters were lost; save the file as UTF-8, or set `encoding`",
    ),
    ({"account": "jos\ufffd"}, "account: 'jos\ufffd' is not an id: some letters were lost"),
    ({"account": "None"}, "account: 'None' is not an id; it means that there is no value"),
    ({"account": {}}, "account: {…} is not text"),
    ({"likess": 3}, "likess: is not a key of the schema; did you mean likes? Start your own keys with x_"),
    ({"Posted At": 3}, "Posted At: is not a key of the schema; did you mean posted_at?"),
    ({"zzz": 3}, "zzz: is not a key of the schema; known: account, post_id, url"),
    ({"thread": [{"autor": "a"}]}, "thread[0].autor: is not a key of the schema; did you mean author?"),
    ({"kind": "photo", "likes": -1}, "kind: 'photo'"),
]


@pytest.mark.parametrize(("more", "message"), BAD, ids=[str(more)[:40] for more, _ in BAD])
def test_an_invalid_required_value_costs_the_row(row, more, message) -> None:
    """An invalid key, kind or time of observation costs the row: its numbers would be another post's."""
    value = {key: one for key, one in row(**more).items() if key != "v"}
    with pytest.raises(RowError) as raised:
        validate_row(PostRow, value)
    assert message in str(raised.value)


GOOD: list[tuple[dict[str, Any], str, Any]] = [
    ({"post_id": 17_900_000_000_000_001}, "post_id", "17900000000000001"),
    ({"post_id": 1903.0}, "post_id", "1903"),
    ({"post_id": "1903.0"}, "post_id", "1903"),
    ({"post_id": ' ="00123" '}, "post_id", "00123"),
    ({"post_id": "'3356781234567890123"}, "post_id", "3356781234567890123"),
    ({"post_id": "\ufeff 00123\u200b"}, "post_id", "00123"),
    ({"post_id": "5e12"}, "post_id", "5e12"),
    ({"account": "null"}, "account", "null"),
    ({"likes": "36,044"}, "likes", 36_044),
    ({"likes": 1903.0}, "likes", 1903),
    ({"likes_hidden": "yes"}, "likes_hidden", True),
    ({"likes_hidden": None}, "likes_hidden", False),
    ({"pinned": 1.0}, "pinned", True),
    ({"pictures": None}, "pictures", ()),
    ({"pictures": ["https://x.example/" + "a" * 2_000]}, "pictures", ("https://x.example/" + "a" * 2_000,)),
    ({"posted_at": 1_700_000_000_000}, "posted_at", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ({"posted_at": "2024-05-01T18:20:00+02:00"}, "posted_at", datetime(2024, 5, 1, 16, 20, tzinfo=UTC)),
    ({"posted_at": "2024-05-01"}, "posted_at", datetime(2024, 5, 1, tzinfo=UTC)),
    ({"posted_at": 1_700_000_000.5}, "posted_at", datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
    ({"likes": 0}, "likes", 0),
    ({"likes": None}, "likes", None),
    ({"caption": " "}, "caption", None),
    ({"caption": "half \ud83d"}, "caption", "half �"),
    ({"x_own": {"any": "thing"}}, "likes", None),
    ({"thread": [{"x_own": 1, "text": "hi"}]}, "thread", (CommentRow(text="hi"),)),
]


@pytest.mark.parametrize(("more", "field", "expected"), GOOD, ids=[str(more)[:40] for more, _, _ in GOOD])
def test_valid_forms_of_values_are_read(row, more, field, expected) -> None:
    """Times in several forms, ids as numbers and as spreadsheets protect them, nulls, and the writer's own keys are read."""
    value = {key: one for key, one in row(**more).items() if key != "v"}
    found, lost = validate_row(PostRow, value)
    assert (getattr(found, field), lost) == (expected, [])


@pytest.mark.parametrize("version", [2, 0, -1, 10**30])
def test_an_unknown_schema_version_is_rejected(importing, files, jsonl, row, version) -> None:
    """A file of an unknown version is not read; nothing is stored."""
    files.lines("posts.jsonl", row("a"), row("b", v=version))
    with pytest.raises(BadInput, match=r"posts\.jsonl, line 2: v: this likelens reads version 1"):
        importing.run(jsonl())
    assert importing.rows("select count(*) from posts") == [(0,)]
