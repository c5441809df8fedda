"""What a source gave is counted, and a source that lost something fails with nothing stored."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

TABLES = ("posts", "observations", "post_pictures", "accounts")


def counts(rows, run: int) -> dict:
    """The counts of a run."""
    ((text,),) = rows(f"select counts from runs where run_id = 'run{run}' and stage = 'scrape'")
    return json.loads(text)


def sizes(rows) -> list[object]:
    """How many rows the tables have."""
    return [rows(f"select count(*) from {table}")[0][0] for table in TABLES]


def change_all_posts(source, **given) -> None:
    """Change all posts of a source."""
    source.posts = [replace(post, **given) for post in source.posts]


@pytest.mark.slow
def test_each_run_stores_the_counts_of_its_source(fake_source, post, run_scrape, rows) -> None:
    """Posts, pages, nulls by field and unparsed values are in `runs`, as JSON that SQL reads."""
    source = fake_source(
        [post(n, place=None if n % 2 else "Lisbon") for n in range(8, 0, -1)],
        problems=("post 8: likes can't be read",),
        unparsed=("likes",),
    )
    source.posts[0] = replace(source.posts[0], likes=None)
    assert run_scrape(source).status == "incomplete"
    counted = counts(rows, 0)
    assert (counted["pages"], counted["posts"], counted["to_end"]) == (2, 8, True)
    assert counted["nulls"] == {
        "posted_at": 0, "likes": 1, "comments": 0, "caption": 0, "pictures": 0, "place": 4,
    }  # fmt: skip
    assert counted["unparsed"] == {"likes": 1}
    assert rows("select counts::json ->> '$.nulls.likes' from runs where stage = 'scrape'") == [("1",)]


@pytest.mark.slow
def test_a_source_that_suddenly_yields_nothing_fails_and_stores_nothing(
    fake_source, post, run_scrape, rows
) -> None:
    """No post where posts are known is an error that says what to do."""
    source = fake_source([post(n) for n in range(8, 0, -1)])
    run_scrape(source)
    before, posts = sizes(rows), source.posts
    source.posts = []
    result = run_scrape(source)
    assert result.status == "failed"
    assert "8 are known" in result.message and "may_lack" in result.message
    assert sizes(rows) == before
    assert counts(rows, 1)["posts"] == 0
    assert run_scrape(replace(source, may_lack=("posts",))).status == "done"
    assert rows("select count(*) from posts where gone_at is not null") == [(8,)]
    source.posts = posts
    assert run_scrape(source).status == "done"
    assert rows("select count(*) from posts where gone_at is not null") == [(0,)]


def test_a_new_account_without_posts_is_no_failure(fake_source, run_scrape) -> None:
    """An account that never had a post may have none."""
    assert run_scrape(fake_source([])).status == "done"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "nothing"),
    [("likes", None), ("comments", None), ("posted_at", None), ("caption", None), ("pictures", ())],
)
def test_a_field_that_all_posts_lost_fails_the_source(
    fake_source, post, run_scrape, rows, name, nothing
) -> None:
    """The error names the field and the setting; nothing of the run is stored, except with may_lack."""
    source = fake_source([post(n) for n in range(8, 0, -1)])
    run_scrape(source)
    before = sizes(rows)
    change_all_posts(source, **{name: nothing})
    result = run_scrape(source)
    assert result.status == "failed"
    assert f"always had {name}" in result.message and f'may_lack = ["{name}"]' in result.message
    assert sizes(rows) == before
    assert run_scrape(replace(source, may_lack=(name,))).status == "done"


@pytest.mark.slow
def test_new_posts_must_have_the_fields_that_all_posts_had(fake_source, post, run_scrape) -> None:
    """A field that every post of the last runs had is required of new posts too."""
    source = fake_source([post(n) for n in range(8, 0, -1)])
    run_scrape(source)
    source.posts = [post(n, days_old=0.1, likes=None) for n in range(30, 20, -1)]
    assert "always had likes" in run_scrape(source).message


def test_a_field_that_single_posts_lost_is_not_a_change(fake_source, post, run_scrape) -> None:
    """Some posts without a field are normal in galleries."""
    source = fake_source([post(n) for n in range(8, 0, -1)])
    run_scrape(source)
    source.posts = [replace(one, likes=None) if int(one.post_id) < 8 else one for one in source.posts]
    assert run_scrape(source).status == "done"


@pytest.mark.slow
def test_hidden_likes_are_not_lost_likes(fake_source, post, run_scrape, rows) -> None:
    """Hidden likes are null with the flag, and the run does not fail."""
    source = fake_source([post(n) for n in range(8, 0, -1)])
    run_scrape(source)
    change_all_posts(source, likes=None, likes_hidden=True)
    assert run_scrape(source).status == "done"
    latest = "select count(*) from observations where likes is null and likes_hidden"
    assert rows(latest) == [(5,)]


@pytest.mark.slow
def test_fields_that_a_source_never_had_are_not_required(fake_source, post, run_scrape) -> None:
    """A source that never had comments or captions does not fail without them."""
    source = fake_source([post(n, comments=None, caption=None) for n in range(8, 0, -1)])
    assert run_scrape(source).status == "done"
    assert run_scrape(source).status == "done"
