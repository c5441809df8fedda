"""Comments: read when there are new ones, stored with their threads, and without their authors' names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import ScrapedComment
from tasks.scrape.politeness import Politeness
from warehouse.upkeep.forgetting import forget_author

WRITTEN = datetime(2024, 5, 1, 12, 0, tzinfo=UTC)
THREAD = (
    ScrapedComment("c1", "Marta.Roams", "so blue", None, WRITTEN, 3),
    ScrapedComment("c2", "ben", "where is this?", "c1", WRITTEN, 0),
)
NAMELESS = (
    ScrapedComment(None, "ann", "nice"),
    ScrapedComment(None, "ben", "nice"),
    ScrapedComment(None, "ann", "nice"),
)


def files_with(folder: Path, word: bytes) -> list[Path]:
    """Files that hold a word."""
    return [file for file in folder.rglob("*") if file.is_file() and word in file.read_bytes().lower()]


def with_comments(fake_source, post, **threads):
    """A source whose posts have comments."""
    posts = [post(n, comments=len(threads.get(f"p{n}", ()))) for n in range(8, 0, -1)]
    return fake_source(posts, threads={name[1:]: thread for name, thread in threads.items()})


def test_comments_are_stored_with_their_threads(fake_source, post, run_scrape, rows) -> None:
    """Text, time, likes and parent comment are stored; the author is a hash, the same each time."""
    run_scrape(with_comments(fake_source, post, p8=THREAD, p7=(replace(THREAD[0], comment_id="c9"),)))
    found = rows("select post_id, comment_id, parent_id, text, posted_at, likes from comments order by 2")
    when = WRITTEN.replace(tzinfo=None)
    assert found == [
        ("8", "c1", None, "so blue", when, 3),
        ("8", "c2", "c1", "where is this?", when, 0),
        ("7", "c9", None, "so blue", when, 3),
    ]
    authors = [author for (author,) in rows("select author from comments order by comment_id")]
    assert authors[0] == authors[2] != authors[1]
    assert all(len(author) == 32 and int(author, 16) for author in authors)


@pytest.mark.slow
def test_no_name_reaches_the_disk(fake_source, post, run_scrape, home) -> None:
    """While comments are in the spool and after they are stored, no file has an author's name."""
    source = with_comments(fake_source, post, p8=THREAD)
    seen = []
    original = source._with_threads

    def checked(page, details):
        seen.extend(files_with(home.folder, b"marta"))
        return original(page, details)

    source._with_threads = checked
    run_scrape(source)
    assert seen == []
    assert files_with(home.folder, b"marta") == []


@pytest.mark.slow
def test_the_settings_keep_or_drop_the_names_of_authors(fake_source, post, run_scrape, rows) -> None:
    """`named` stores names as they are, `dropped` stores null."""
    run_scrape(
        with_comments(fake_source, post, p8=THREAD), ScrapeOptions(Politeness(0), comment_authors="named")
    )
    assert rows("select author from comments order by 1") == [("Marta.Roams",), ("ben",)]
    run_scrape(
        replace(with_comments(fake_source, post, p8=THREAD), name="other"),
        ScrapeOptions(Politeness(0), comment_authors="dropped"),
    )
    assert rows("select distinct author from comments where source = 'other'") == [(None,)]


@pytest.mark.slow
def test_a_thread_is_read_again_when_its_number_of_comments_changed(
    fake_source, post, run_scrape, rows
) -> None:
    """A run reads only the threads with new comments, and keeps the stored comments."""
    source = with_comments(fake_source, post, p8=THREAD, p7=THREAD[:1])
    run_scrape(source)
    source.requests.clear()
    run_scrape(source)
    assert not [url for url in source.requests if "?" not in url and url.endswith(("/8", "/7"))]
    source.threads["8"] = (*THREAD, ScrapedComment("c3", "zoe", "Lisbon!", "c2"))
    source.posts[0] = replace(source.posts[0], comments=3)
    source.requests.clear()
    run_scrape(source)
    assert [url for url in source.requests if url.endswith(("/8", "/7"))] == ["https://pix.example/ann/8"]
    assert rows("select comment_id from comments where post_id = '8' order by 1") == [
        ("c1",),
        ("c2",),
        ("c3",),
    ]


@pytest.mark.slow
def test_comments_without_an_id_get_the_same_id_in_every_run(fake_source, post, run_scrape, rows) -> None:
    """The same comments in another run are the same rows; equal texts of one author are two comments."""
    source = with_comments(fake_source, post, p8=NAMELESS)
    run_scrape(source)
    before = rows("select comment_id, author from comments order by 1")
    assert len(before) == 3
    source.posts[0] = replace(source.posts[0], comments=4)
    source.threads["8"] = (ScrapedComment(None, "zoe", "first!"), *NAMELESS)
    run_scrape(source)
    after = rows("select comment_id, author from comments order by 1")
    assert len(after) == 4
    assert set(before) < set(after)


def test_without_comments_none_is_read(fake_source, post, run_scrape, rows) -> None:
    """With comments = false no thread is requested."""
    source = with_comments(fake_source, post, p8=THREAD)
    run_scrape(source, ScrapeOptions(Politeness(0), comments=False))
    assert rows("select count(*) from comments") == [(0,)]
    assert len(source.requests) == 2


def test_an_author_is_forgotten_for_good(fake_source, post, run_scrape, home, rows) -> None:
    """The comments are deleted however the name is spelt, from old files too, and do not come back in the next run."""
    source = with_comments(fake_source, post, p8=THREAD)
    run_scrape(source)
    assert forget_author(home, "@marta.roams") == 1
    assert rows("select text from comments") == [("where is this?",)]
    assert files_with(home.folder / "lake", b"so blue") == []
    source.posts[0] = replace(source.posts[0], comments=3)
    source.threads["8"] = (*THREAD, ScrapedComment("c3", "zoe", "Lisbon!", "c2"))
    run_scrape(source)
    assert rows("select comment_id from comments order by 1") == [("c2",), ("c3",)]
    assert forget_author(home, "nobody") == 0


@pytest.mark.slow
def test_an_author_whose_name_is_stored_is_forgotten_too(fake_source, post, run_scrape, home, rows) -> None:
    """Stored names are found in any spelling."""
    run_scrape(
        with_comments(fake_source, post, p8=THREAD), ScrapeOptions(Politeness(0), comment_authors="named")
    )
    assert forget_author(home, "MARTA.roams") == 1
    assert rows("select author from comments") == [("ben",)]
