"""Rows that have one key: the same twice is harmless, a contradiction is reported."""

from __future__ import annotations

import os
from itertools import islice

import polars as pl
import pytest

from tasks.scrape.options import ScrapeOptions
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source

URL = "https://x.example/p/{post_id}"
LIKES = [10, 900, 10]


def written(files, row, kind: str) -> str:
    """A file of this kind with three rows of one post; the third says the same as the first."""
    name = f"posts.{kind}"
    if kind == "jsonl":
        files.lines(name, *(row("7", likes=likes) for likes in LIKES), row("8"))
        return name
    frame = pl.DataFrame({"post_id": ["7", "7", "7", "8"], "likes": [*LIKES, None], "kind": ["video"] * 4})
    if kind == "csv":
        frame.write_csv(files.folder / name)
    else:
        frame.write_parquet(files.folder / name)
    os.utime(files.folder / name, (1_700_000_000, 1_700_000_000))
    return name


@pytest.mark.parametrize(("kind", "second", "first"), [("jsonl", "line 2", "line 1"), ("csv", "line 3", "line 2"),
                                                       ("parquet", "row 2", "row 1")])  # fmt: skip
def test_a_second_row_of_one_post_with_other_contents_is_skipped(
    importing, files, jsonl, table, row, kind, second, first
) -> None:
    """Of two rows with one id and different contents the second is skipped and reported; an equal third one is harmless."""
    name = written(files, row, kind)
    settings = jsonl() if kind == "jsonl" else table(file=name, account="ann", url=URL)
    ended = importing.run(settings)
    assert (ended.status, ended.failures) == ("incomplete", 1)
    assert (
        f"{name}, {second}: post_id: the post '7' is also in {name}, {first}, at the same time"
        in ended.message
    )
    assert importing.rows("select post_id, likes from observations order by 1") == [("7", 10)]
    assert importing.rows("select post_id from posts order by 1") == [("7",), ("8",)]


def test_rows_of_one_post_in_several_files(importing, files, jsonl, row) -> None:
    """Files of one source contradict each other only if a post has the same time in both."""
    files.lines(
        "a.jsonl", row("7", likes=10, observed_at="2023-01-01"), row("8", likes=1), written=1_700_000_100
    )
    files.lines("b.jsonl", row("7", likes=900, observed_at="2023-01-01"), row("8", likes=2))
    problems = importing.problems(jsonl(files="*.jsonl"))
    assert len(problems) == 1
    assert problems[0].startswith("b.jsonl, line 1: post_id: the post '7' is also in a.jsonl, line 1")
    times = ["2023-01-01", "2023-01-02"]
    files.lines("a.jsonl", *(row("7", likes=likes, observed_at=when) for likes, when in enumerate(times)))
    assert importing.problems(jsonl(file="a.jsonl")) == []


def test_two_lines_of_one_account_at_one_time_conflict(importing, files, jsonl, row) -> None:
    """An account has one set of numbers at one time."""
    account = {"v": 1, "type": "account", "account": "ann"}
    files.lines("posts.jsonl", account | {"followers": 5}, account | {"followers": 6}, row())
    (problem,) = importing.problems(jsonl())
    assert problem.startswith(
        "posts.jsonl, line 2: account: the account 'ann' is also in posts.jsonl, line 1"
    )


def test_a_second_comment_with_one_id_is_skipped(importing, files, jsonl, table, row) -> None:
    """In a thread and in a table of comments, of two with one id and different contents the first is stored and the other reported."""
    comments = [
        {"comment_id": "c1", "text": "hi"},
        {"comment_id": "c1", "text": "no"},
        {"comment_id": "c1", "text": "hi"},
    ]
    files.lines("posts.jsonl", row(thread=comments))
    (problem,) = importing.problems(jsonl())
    assert problem.startswith(
        "posts.jsonl, line 1: thread[1].comment_id: 'c1' is also the id of another comment of this post"
    )
    assert {one.text for one in importing.posts(jsonl())["p1"].thread} == {"hi"}
    files.write("posts.csv", b"account,post_id,kind\nann,p1,video\nann,p2,video\n")
    files.write("comments.csv", b"post_id,comment_id,text\np1,c1,hi\np1,c1,no\np2,c1,other\n")
    settings = table(url=URL, comments_file="comments.csv")
    (problem,) = importing.problems(settings)
    assert problem.startswith(
        "comments.csv, line 3: comment_id: comments.csv, line 2 also has the comment 'c1'"
    )
    assert [one.text for post in importing.posts(settings).values() for one in post.thread] == ["hi", "other"]


@pytest.mark.slow
def test_a_resumed_run_knows_the_rows_before(importing, files, jsonl, row, tmp_path) -> None:
    """After a kill a conflict with a row that was read before it is reported too."""
    for name, written_at in (("a", 1_700_000_100), ("b", 1_700_000_000)):
        more = {"observed_at": "2023-01-01"}
        files.lines(f"{name}.jsonl", *(row(f"{n}", account=f"ann{n // 300}", caption=name, **more) for n in range(600)),
                    written=written_at)  # fmt: skip
    source = jsonl(files="*.jsonl").open(importing.folder)
    for pages in (1, 2, 3):
        spool = Spool(tmp_path / f"{pages}.jsonl")
        for page in islice(source.pages(ReadContext(spool)), pages):
            spool.add(page)
        ended = scrape_source(
            ScrapeJob(importing.home, source, Spool(spool.file), ScrapeOptions()), lambda *_: None
        )
        assert (ended.items, ended.failures) == (600, 600)
    assert importing.rows("select distinct caption from posts") == [("a",)]
