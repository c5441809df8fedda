"""JSON Lines in several runs: observations, new and missing posts, resumed runs."""

from __future__ import annotations

from itertools import islice

import pytest

from tasks.errors import BadInput
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source


def test_reading_an_unchanged_file_again_changes_nothing(importing, files, jsonl, row) -> None:
    """An unchanged file leaves every table unchanged."""
    files.lines(
        "posts.jsonl", *(row(f"p{n}", likes=n, pictures=["https://x.example/a.jpg"]) for n in range(5))
    )
    importing.run(jsonl())
    before = importing.tables()
    importing.run(jsonl())
    assert importing.tables() == before


def test_a_second_run_adds_observations_and_new_posts(importing, files, jsonl, row) -> None:
    """Changed counts are observations, a re-signed picture stays known, and a new post is stored once."""
    files.lines(
        "posts.jsonl", row("a", likes=1, pictures=["https://x.example/a.jpg?sig=1"]), row("b", likes=5)
    )
    importing.run(jsonl())
    files.lines(
        "posts.jsonl",
        row("a", likes=2, pictures=["https://x.example/a.jpg?sig=2"]),
        row("c", likes=0),
        written=1_700_086_400,
    )
    importing.run(jsonl())
    assert importing.rows("select post_id, likes from observations order by 1, observed_at") == [
        ("a", 1),
        ("a", 2),
        ("b", 5),
        ("c", 0),
    ]
    assert importing.rows("select picture_url from post_pictures") == [("https://x.example/a.jpg?sig=2",)]
    assert importing.rows("select post_id from posts where gone_at is not null") == []


@pytest.mark.slow
def test_a_complete_list_marks_missing_posts_as_gone(importing, files, jsonl, row) -> None:
    """With `complete = true`, a post that is missing in the newest file is marked as gone, until it appears again."""
    files.lines("a.jsonl", row("a"), row("b"), row("c", observed_at="2023-11-01"))
    importing.run(jsonl(files="*.jsonl", complete=True))
    account = {"v": 1, "type": "account", "account": "ann", "observed_at": "2024-01-01"}
    files.lines("b.jsonl", account, row("a"), row("c", observed_at="2023-10-01"), written=1_700_086_400)
    for _ in range(2):
        importing.run(jsonl(files="*.jsonl", complete=True))
        assert importing.rows("select post_id from posts where gone_at is not null") == [("b",)]
    files.lines("c.jsonl", row("a"), row("b"), row("c"), written=1_700_172_800)
    importing.run(jsonl(files="*.jsonl", complete=True))
    assert importing.rows("select post_id from posts where gone_at is not null") == []


def test_a_bad_line_marks_nothing_as_gone(importing, files, jsonl, row) -> None:
    """If a line of a complete list can't be read, its post may be the one that seems to be missing."""
    files.lines("posts.jsonl", row("a"), row("b"))
    importing.run(jsonl(complete=True))
    files.lines("posts.jsonl", row("a"), row("b", kind="?"), written=1_700_086_400)
    assert importing.run(jsonl(complete=True)).status == "incomplete"
    assert importing.rows("select count(*) from posts where gone_at is not null") == [(0,)]


@pytest.mark.slow
def test_lines_of_one_post_at_several_times_are_observations(importing, files, jsonl, row) -> None:
    """Lines of one post at several times are separate observations, in any order; the newest is the post."""
    times = ["2023-03-01", "2023-01-01", "2023-02-01"]
    files.lines("posts.jsonl", *(row(observed_at=when, likes=int(when[6]), caption=when) for when in times))
    for _ in range(2):
        importing.run(jsonl())
        assert importing.rows("select likes from observations order by observed_at") == [(1,), (2,), (3,)]
        assert importing.rows("select caption from posts") == [("2023-03-01",)]


def test_a_missing_picture_file_is_read_by_a_later_run(importing, files, jsonl, row) -> None:
    """A missing file keeps its position in the post, is reported, and is copied by the first run after it appears."""
    files.lines("posts.jsonl", row(kind="carousel", pictures=["https://x.example/0.jpg", "a.jpg"]))
    ended = importing.run(jsonl())
    assert (ended.status, ended.message) == (
        "incomplete",
        "posts.jsonl, line 1: pictures: there is no file 'a.jpg' beside this file",
    )
    missing = importing.rows("select picture_url from post_pictures where position = 1")
    files.write("a.jpg", b"now it is there")
    assert importing.run(jsonl()).status == "done"
    assert importing.rows("select picture_url from post_pictures where position = 1") != missing


def test_a_pattern_reads_all_matching_files(importing, files, jsonl, row) -> None:
    """A pattern reads all matching files, packed or not, each with its own modification time."""
    files.lines("out/1/a.jsonl", row("a", likes=1), written=1_600_000_000)
    files.lines("out/2/a.jsonl.gz", row("a", likes=2))
    importing.run(jsonl(files="out/**/*.jsonl*"))
    assert importing.rows("select likes from observations order by observed_at") == [(1,), (2,)]
    assert importing.rows("select observed_at::date::varchar from observations order by 1") == [
        ("2020-09-13",),
        ("2023-11-14",),
    ]
    with pytest.raises(BadInput, match="no file that matches the pattern"):
        importing.pages(jsonl(files="none/*.jsonl"))
    with pytest.raises(BadInput, match="There is no file"):
        importing.pages(jsonl(file="none.jsonl"))


@pytest.mark.slow
def test_a_run_that_was_cut_off_resumes(importing, files, jsonl, row, tmp_path) -> None:
    """After a kill the missing lines are read, each once, also in the second of two files."""
    for name, written in (("a", 1_700_000_100), ("b", 1_700_000_000)):
        files.lines(
            f"{name}.jsonl",
            *(row(f"{name}{n}", account=f"ann{n // 300}") for n in range(600)),
            written=written,
        )
    source = jsonl(files="*.jsonl").open(importing.folder)
    whole = len(list(source.pages(ReadContext(Spool(tmp_path / "none.jsonl")))))
    for pages in (1, 3, whole - 2):
        spool = Spool(tmp_path / f"{pages}.jsonl")
        for page in islice(source.pages(ReadContext(spool)), pages):
            spool.add(page)
        ended = scrape_source(
            ScrapeJob(importing.home, source, Spool(spool.file), ScrapeOptions()), lambda *_: None
        )
        assert (ended.status, ended.items) == ("done", 1_200)
    assert importing.rows("select count(*), count(distinct post_id) from posts") == [(1_200, 1_200)]
