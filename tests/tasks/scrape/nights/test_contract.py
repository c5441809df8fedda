"""What a source gave is counted, and a source that lost something fails loudly with nothing stored."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

TABLES = ("posts", "observations", "post_pictures", "accounts")


def counts(rows, run: int) -> dict:
    """What `runs` says of a night."""
    ((told,),) = rows(f"select counts from runs where run_id = 'run{run}' and stage = 'scrape'")
    return json.loads(told)


def sizes(rows) -> list[object]:
    """How many rows the tables have."""
    return [rows(f"select count(*) from {table}")[0][0] for table in TABLES]


def every(source, **given) -> None:
    """Change all posts of a source."""
    source.posts = [replace(post, **given) for post in source.posts]


def test_each_run_keeps_what_the_source_gave(invented, post, spend_night, rows) -> None:
    """Posts, pages, nulls by field and unparsed values are in `runs`, as JSON that SQL reads."""
    source = invented(
        [post(n, place=None if n % 2 else "Lisbon") for n in range(8, 0, -1)],
        problems=("post 8: likes can't be read",),
        unparsed=("likes",),
    )
    source.posts[0] = replace(source.posts[0], likes=None)
    assert spend_night(source).status == "incomplete"
    told = counts(rows, 0)
    assert (told["pages"], told["posts"], told["to_end"]) == (2, 8, True)
    assert told["nulls"] == {
        "posted_at": 0, "likes": 1, "comments": 0, "caption": 0, "pictures": 0, "place": 4,
    }  # fmt: skip
    assert told["unparsed"] == {"likes": 1}
    assert rows("select counts::json ->> '$.nulls.likes' from runs where stage = 'scrape'") == [("1",)]


def test_a_source_that_suddenly_yields_nothing_fails_and_stores_nothing(
    invented, post, spend_night, rows
) -> None:
    """No post where there were some is no empty night: it is an error that says what to do."""
    source = invented([post(n) for n in range(8, 0, -1)])
    spend_night(source)
    before, posts = sizes(rows), source.posts
    source.posts = []
    ended = spend_night(source)
    assert ended.status == "failed"
    assert "8 are known" in ended.message and "may_lack" in ended.message
    assert sizes(rows) == before
    assert counts(rows, 1)["posts"] == 0
    assert spend_night(replace(source, may_lack=("posts",))).status == "done"
    assert rows("select count(*) from posts where gone_at is not null") == [(8,)]
    source.posts = posts
    assert spend_night(source).status == "done"
    assert rows("select count(*) from posts where gone_at is not null") == [(0,)]


def test_a_new_account_without_posts_is_no_failure(invented, spend_night) -> None:
    """An account that never had a post may have none."""
    assert spend_night(invented([])).status == "done"


@pytest.mark.parametrize(
    ("name", "nothing"),
    [("likes", None), ("comments", None), ("posted_at", None), ("caption", None), ("pictures", ())],
)
def test_a_field_that_all_posts_lost_fails_the_source(
    invented, post, spend_night, rows, name, nothing
) -> None:
    """The error names the field and the way out; nothing of the night is stored; with may_lack it is."""
    source = invented([post(n) for n in range(8, 0, -1)])
    spend_night(source)
    before = sizes(rows)
    every(source, **{name: nothing})
    ended = spend_night(source)
    assert ended.status == "failed"
    assert f"always had {name}" in ended.message and f'may_lack = ["{name}"]' in ended.message
    assert sizes(rows) == before
    assert spend_night(replace(source, may_lack=(name,))).status == "done"


def test_new_posts_must_have_what_all_posts_had(invented, post, spend_night) -> None:
    """A field that every post of the last nights had is missed on new posts too."""
    source = invented([post(n) for n in range(8, 0, -1)])
    spend_night(source)
    source.posts = [post(n, days_old=0.1, likes=None) for n in range(30, 20, -1)]
    assert "always had likes" in spend_night(source).message


def test_what_single_posts_lack_is_no_change(invented, post, spend_night) -> None:
    """Some posts without a field are what galleries are like."""
    source = invented([post(n) for n in range(8, 0, -1)])
    spend_night(source)
    source.posts = [replace(one, likes=None) if int(one.post_id) < 8 else one for one in source.posts]
    assert spend_night(source).status == "done"


def test_hidden_likes_are_not_lost_likes(invented, post, spend_night, rows) -> None:
    """An owner who hides the likes makes them null, with the flag, and no failure."""
    source = invented([post(n) for n in range(8, 0, -1)])
    spend_night(source)
    every(source, likes=None, likes_hidden=True)
    assert spend_night(source).status == "done"
    latest = "select count(*) from observations where likes is null and likes_hidden"
    assert rows(latest) == [(5,)]


def test_fields_that_a_source_never_had_are_not_asked_for(invented, post, spend_night) -> None:
    """A source without comments or captions is a source like any other."""
    source = invented([post(n, comments=None, caption=None) for n in range(8, 0, -1)])
    assert spend_night(source).status == "done"
    assert spend_night(source).status == "done"
