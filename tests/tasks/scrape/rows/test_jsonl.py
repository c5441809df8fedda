"""JSON Lines: the fields of a line, and the settings."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from tasks.errors import BadInput
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.rows.jsonl import JsonLinesSettings

WRITTEN = datetime(2023, 11, 14, 22, 13, 20)


def test_every_field_of_a_row_reaches_its_table(importing, files, jsonl, row) -> None:
    """Every field of a row is in its table, with comments, their replies, and the account's own numbers."""
    thread = [
        {"comment_id": "c1", "author": "bob", "text": "nice", "posted_at": 1_690_000_000, "likes": 2},
        {"comment_id": "c2", "author": "ann", "text": "thanks", "parent_id": "c1"},
    ]
    files.lines(
        "posts.jsonl",
        {"v": 1, "type": "account", "account": "ann", "followers": 1200, "following": 30, "posts": 1},
        row(
            kind="carousel",
            posted_at="2023-05-01T10:00:00Z",
            caption="שלום <b>🌅</b>",
            place="Pier",
            pinned=True,
            likes=3,
            comments=2,
            likes_rounded=True,
            shares="1.2k",
            pictures=["https://x.example/1.jpg?sig=1", "https://x.example/2.jpg"],
            thread=thread,
        ),
    )
    ended = importing.run(jsonl())
    assert (ended.status, ended.items, ended.failures) == ("done", 1, 0)
    assert importing.rows("select account, post_id, kind, posted_at, caption, place, pinned from posts") == [
        ("ann", "p1", "carousel", datetime(2023, 5, 1, 10), "שלום <b>🌅</b>", "Pier", True)
    ]
    assert importing.rows(
        "select observed_at, likes, comments, likes_hidden, likes_rounded, shares, shares_rounded from observations"
    ) == [(WRITTEN, 3, 2, False, True, 1200, True)]
    assert importing.rows("select position, picture_url from post_pictures order by 1") == [
        (0, "https://x.example/1.jpg?sig=1"),
        (1, "https://x.example/2.jpg"),
    ]
    assert importing.rows("select comment_id, parent_id, text, likes from comments order by 1") == [
        ("c1", None, "nice", 2),
        ("c2", "c1", "thanks", None),
    ]
    assert importing.rows("select observed_at, followers, following, posts from accounts") == [
        (WRITTEN, 1200, 30, 1)
    ]


def test_the_settings_supply_account_and_url(importing, files, jsonl, row) -> None:
    """`account` and the template of `url` may be in the settings; without them the line is reported."""
    bare = {"v": 1, "post_id": "a/b ä", "kind": "video"}
    files.lines("posts.jsonl", bare)
    settings = jsonl(account="zoe", url="https://x.example/{account}/{post_id}/")
    (page,) = importing.pages(settings)
    assert (page.account, page.posts[0].url) == ("zoe", "https://x.example/zoe/a%2Fb%20%C3%A4/")
    with pytest.raises(BadInput, match=r"account: is missing; write it in each row, or set `account`"):
        importing.pages(jsonl())
    with pytest.raises(
        BadInput, match=r"url: is missing; write it in each row, or set its template as `url`"
    ):
        importing.pages(jsonl(account="zoe"))


def test_a_missing_kind_is_inferred_from_the_pictures(importing, files, jsonl, row) -> None:
    """Without `kind`, one picture is an image and several are a carousel; a video's pictures are ignored."""
    urls = ["https://x.example/1.jpg", "https://x.example/2.jpg"]
    files.lines(
        "posts.jsonl",
        row("a", kind=None, pictures=urls[:1]),
        row("b", kind=None, pictures=urls),
        row("c", kind="video", pictures=urls[:1]),
    )
    assert [(post.kind, len(post.pictures)) for post in importing.posts(jsonl()).values()] == [
        ("image", 1),
        ("carousel", 2),
        ("video", 0),
    ]


def test_a_local_picture_is_fetched_from_its_folder(importing, files, jsonl, row, photographs) -> None:
    """A path beside the file is a picture that the stage fetch copies, also from a subfolder."""
    photo = next(file for file in sorted(photographs.iterdir()) if file.suffix in (".jpg", ".png"))
    files.write("pics/one ä.jpg", photo.read_bytes())
    files.lines("posts.jsonl", row(pictures=["pics/one ä.jpg"]))
    importing.run(jsonl())
    folders = jsonl().open(importing.folder).folders
    assert fetch_pictures(importing.home, FetchOptions(folders=folders), lambda *_: None).items == 1
    assert importing.rows("select bytes from pictures") == [(photo.stat().st_size,)]


MISTAKES = [
    ({}, "write either `file`, a path, or `files`, a pattern"),
    ({"file": "a", "files": "b"}, "write either `file`"),
    ({"file": "a", "url": "https://x.example/p/"}, r"with \{post_id\} in it"),
    ({"file": "a", "url": "ftp://x.example/{post_id}"}, "http or https address"),
]


@pytest.mark.parametrize(("given", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_invalid_settings_are_reported(given, message) -> None:
    """A mistake in the settings is reported when they are read."""
    with pytest.raises(ValidationError, match=message):
        JsonLinesSettings(name="rows", kind="jsonl", **given)


def test_times_are_converted_to_utc(importing, files, jsonl, row) -> None:
    """A time with a zone is the same moment in UTC, whatever the machine's zone."""
    files.lines("posts.jsonl", row(posted_at="2024-01-01T00:30:00+05:30"))
    assert importing.posts(jsonl())["p1"].posted_at == datetime(2023, 12, 31, 19, tzinfo=UTC)


def test_lines_that_pandas_has_written_are_read(importing, files, jsonl, row) -> None:
    """1903.0 is 1903, NaN is null in any field that may be null, and Infinity costs only its value."""
    line = json.dumps(
        row(
            "@",
            likes=1903.0,
            comments=4.0,
            caption=float("nan"),
            posted_at=1_700_000_000_000,
            thread=float("nan"),
        )
    )
    files.lines(
        "posts.jsonl",
        line.replace("@", "a"),
        line.replace("@", "b").replace("1903.0", "NaN").replace("4.0", "NaN"),
        line.replace("@", "c").replace("1903.0", "Infinity").replace("4.0", "1e999"),
        line.replace("@", "d").replace('"ann"', "NaN"),
    )
    (page,) = importing.pages(jsonl())
    assert [(post.likes, post.comments) for post in page.posts] == [(1903, 4), (None, None), (None, None)]
    assert {(post.caption, post.detailed, post.posted_at) for post in page.posts} == {
        (None, False, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))
    }
    assert [problem[:40] for problem in page.problems] == [
        "posts.jsonl, line 3: likes: inf is not a",
        "posts.jsonl, line 3: comments: inf is no",
        "posts.jsonl, line 4: account: is missing",
    ]
    assert page.unparsed == ("likes", "comments", "id", "account")
