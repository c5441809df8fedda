"""The schema's round trip, and what it says of each value that does not fit."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.errors import BadInput
from tasks.scrape.rows.checking import BadRow, checked
from tasks.scrape.rows.schema import CommentRow, PostRow

COUNTS = st.none() | st.integers(0, 2**63 - 1)
TIMES = st.none() | st.datetimes(datetime(1970, 1, 2), datetime(2099, 1, 1), timezones=st.just(UTC))
TEXTS = st.none() | st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip())
IDS = st.text(st.characters(codec="utf-8", exclude_categories=["Z", "C"]), min_size=1, max_size=40)
COMMENTS = st.builds(
    CommentRow,
    comment_id=IDS,
    author=TEXTS,
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


@given(POSTS)
def test_a_row_comes_back_from_json(post: PostRow) -> None:
    """Whatever a row says, written as JSON and read again it says the same, to the last digit and letter."""
    assert checked(PostRow, json.loads(post.model_dump_json())) == post


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
ANY = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
KEYS = st.sampled_from([*PostRow.model_fields]) | st.text(max_size=6)


@given(st.dictionaries(KEYS, ANY, max_size=8), st.lists(st.dictionaries(KEYS, ANY) | ANY, max_size=2))
def test_a_row_of_any_values(value: dict[str, Any], thread: list[Any]) -> None:
    """Whatever a row holds, it is a row that can be written again, or a bad row, and never a crash."""
    for given_row in (value, {"account": "a", "post_id": "p", "kind": "video", **value, "thread": thread}):
        try:
            row = checked(PostRow, given_row)
        except BadRow:
            continue
        assert PostRow.model_validate_json(row.model_dump_json()) == row


BAD: list[tuple[dict[str, Any], str]] = [
    ({"likes": -1}, "likes: -1 is no count; hidden likes are likes_hidden = true and no likes"),
    ({"likes": True}, "likes: true is no count"),
    ({"likes": "36,044"}, "likes: '36,044' is no count; it is a whole number"),
    ({"likes": 1.5}, "likes: 1.5 is no count"),
    ({"comments": 2**64}, "comments: a huge number is no count"),
    ({"likes_hidden": True, "likes": 3}, "likes: with likes_hidden = true there are none; leave likes out"),
    ({"likes_hidden": "yes"}, "likes_hidden: 'yes' is neither true nor false"),
    ({"pinned": 1}, "pinned: 1 is neither true nor false"),
    (
        {"posted_at": "yesterday"},
        "posted_at: 'yesterday' is no time; write ISO 8601, as 2024-05-01T18:20:00Z",
    ),
    (
        {"posted_at": 1_700_000_000_000},
        "posted_at: 1700000000000 is no time in seconds; divide milliseconds by 1000",
    ),
    ({"posted_at": True}, "posted_at: true is no time"),
    ({"observed_at": -5}, "observed_at: -5 is no Unix time"),
    ({"caption": 5}, "caption: 5 is no text; write it in quotes"),
    ({"caption": ["a"]}, "caption: […] is no text"),
    ({"kind": "photo"}, "kind: 'photo' is none of 'image', 'video' or 'carousel'"),
    ({"kind": None}, "kind: it is missing, and there are no pictures to tell by"),
    (
        {"pictures": ["https://x.example/1", "https://x.example/2"]},
        "kind: 'image' has one picture, and there are 2",
    ),
    ({"pictures": "a.jpg"}, "pictures: 'a.jpg' is no list"),
    ({"pictures": [None]}, "pictures[0]: null is no text"),
    ({"post_id": ""}, "post_id: '' is no id"),
    ({"post_id": 1.5}, "post_id: 1.5 is no text"),
    ({"post_id": "x" * 600}, "is no id; it is a text of 1 to 512 characters"),
    ({"account": {}}, "account: {…} is no text"),
    ({"url": "javascript:alert(1)"}, "url: 'javascript:alert(1)' is no http or https address"),
    ({"likess": 3}, "likess: is no key of the schema; did you mean likes? Your own keys begin with x_"),
    ({"Posted At": 3}, "Posted At: is no key of the schema; did you mean posted_at?"),
    ({"zzz": 3}, "zzz: is no key of the schema; known: account, post_id, url"),
    ({"thread": {}}, "thread: {…} is no list"),
    ({"thread": [5]}, "thread[0]: 5 is no object"),
    ({"thread": [{}, {"likes": -2}]}, "thread[1].likes: -2 is no count"),
    ({"thread": [{"autor": "a"}]}, "thread[0].autor: is no key of the schema; did you mean author?"),
    ({"thread": [{"comment_id": ""}]}, "thread[0].comment_id: '' is no id"),
]


@pytest.mark.parametrize(("more", "said"), BAD, ids=[str(more)[:40] for more, _ in BAD])
def test_what_does_not_fit_is_told(row, more, said) -> None:
    """A value that does not fit is named with its field, as it stands there, and what would be right."""
    value = {key: one for key, one in row(**more).items() if key != "v"}
    with pytest.raises(BadRow) as raised:
        checked(PostRow, value)
    assert said in str(raised.value)


GOOD: list[tuple[dict[str, Any], str, Any]] = [
    ({"post_id": 17_900_000_000_000_001}, "post_id", "17900000000000001"),
    ({"posted_at": "2024-05-01T18:20:00+02:00"}, "posted_at", datetime(2024, 5, 1, 16, 20, tzinfo=UTC)),
    ({"posted_at": "2024-05-01T18:20:00Z"}, "posted_at", datetime(2024, 5, 1, 18, 20, tzinfo=UTC)),
    ({"posted_at": "2024-05-01 18:20"}, "posted_at", datetime(2024, 5, 1, 18, 20, tzinfo=UTC)),
    ({"posted_at": "2024-05-01"}, "posted_at", datetime(2024, 5, 1, tzinfo=UTC)),
    ({"posted_at": 1_700_000_000}, "posted_at", datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)),
    ({"posted_at": 1_700_000_000.5}, "posted_at", datetime(2023, 11, 14, 22, 13, 20, 500_000, tzinfo=UTC)),
    ({"likes": 0}, "likes", 0),
    ({"likes": None}, "likes", None),
    ({"caption": " "}, "caption", None),
    ({"caption": "half \ud83d"}, "caption", "half �"),
    ({"x_own": {"any": "thing"}}, "likes", None),
    ({"thread": [{"x_own": 1, "text": "hi"}]}, "thread", (CommentRow(text="hi"),)),
]


@pytest.mark.parametrize(("more", "field", "expected"), GOOD, ids=[str(more)[:40] for more, _, _ in GOOD])
def test_what_fits(row, more, field, expected) -> None:
    """Times in several forms, ids as numbers, nulls, and keys of the writer's own are read."""
    value = {key: one for key, one in row(**more).items() if key != "v"}
    assert getattr(checked(PostRow, value), field) == expected


@pytest.mark.parametrize("version", [2, 0, -1, 10**30])
def test_another_version_is_refused(importing, files, jsonl, row, version) -> None:
    """A file of a version that this likelens does not know is not read at all; nothing is stored."""
    files.lines("posts.jsonl", row("a"), row("b", v=version))
    with pytest.raises(BadInput, match=r"posts\.jsonl, line 2: v: this likelens reads version 1"):
        importing.run(jsonl())
    assert importing.rows("select count(*) from posts") == [(0,)]
