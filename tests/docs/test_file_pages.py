"""The pages of the sources that read files: their examples give the posts on the pages, and the schema is complete."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tasks.scrape.files.documents import MAX_BYTES
from tasks.scrape.files.lines import MAX_LINE_BYTES
from tasks.scrape.pages import ScrapedPost
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.schema import AccountRow, CommentRow, PostRow
from tasks.scrape.sources import settings_model
from tasks.scrape.spool import Spool

KEYS = "| key | required | meaning |"


def read(toml: str, folder: Path):
    """Read the pages of the source in some settings."""
    (given,) = tomllib.loads(toml)["sources"]
    source = settings_model(given["kind"])(**given).open(folder)
    return list(source.pages(ReadContext(Spool(folder / "spool.jsonl"))))


def table_rows(posts: Sequence[ScrapedPost]) -> list[list[str]]:
    """Return posts as the table of a page shows them."""
    return [
        [
            post.post_id,
            post.kind,
            f"{post.posted_at:%Y-%m-%d %H:%M}",
            "null" if post.likes is None else str(post.likes),
            "null" if post.comments is None else str(post.comments),
            str(len(post.pictures)),
            post.caption or "null",
        ]
        for post in posts
    ]


def test_json_lines_are_read_as_the_page_says(pages, tmp_path):
    """The page's lines and settings give the posts of its table, with comments, an account and no problem."""
    page = pages["files.md"]
    (tmp_path / "posts.jsonl").write_text(page.blocks("jsonl")[0].text, "utf-8")
    found = read(page.blocks("toml")[0].text, tmp_path)
    posts = [post for one in found for post in one.posts]
    header = "| post_id | kind | posted_at | likes | comments | pictures | caption |"
    assert table_rows(posts) == page.rows("## JSON Lines: a worked example", header)
    assert [problem for one in found for problem in one.problems] == []
    assert [(comment.author, comment.parent_id) for comment in posts[0].thread] == [
        ("bob", None),
        ("ann", "c1"),
    ]
    assert (posts[1].likes_hidden, posts[2].likes_rounded) == (True, True)
    assert found[0].head.followers == 1200


def test_a_table_is_read_as_the_page_says(pages, tmp_path):
    """The page's CSV files and settings give the same posts as its JSON Lines."""
    page = pages["files.md"]
    posts, comments = page.blocks("csv")
    (tmp_path / "scraped.csv").write_text(posts.text, "utf-8")
    (tmp_path / "replies.csv").write_text(comments.text, "utf-8")
    (found,) = read(page.blocks("toml")[1].text, tmp_path)
    assert [post.post_id for post in found.posts] == ["103", "102", "101"]
    assert [(post.likes, post.likes_rounded, post.comments) for post in found.posts] == [
        (1903, False, 2),
        (None, False, 7),
        (2400, True, None),
    ]
    assert found.posts[0].url == "https://pix.example/p/103"
    assert [(comment.author, comment.parent_id) for comment in found.posts[0].thread] == [
        ("bob", None),
        ("ann", "c1"),
    ]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("heading", "model", "more"),
    [
        ("### A post", PostRow, ["v", "type"]),
        ("### A comment", CommentRow, []),
        ("### An account", AccountRow, ["v", "type"]),
    ],
    ids=["post", "comment", "account"],
)
def test_every_key_of_the_schema_is_table_rows(pages, heading, model, more):
    """The page has the keys of the code in their order, and no others."""
    keys = [key for key, _, _ in pages["files.md"].rows(heading, KEYS)]
    assert keys == [*more, *model.model_fields]
    needed = {key for key, needed, _ in pages["files.md"].rows(heading, KEYS) if needed == "yes"}
    assert {key for key, field in model.model_fields.items() if field.is_required()} <= needed


def test_limits_are_those_of_the_code(pages):
    """The pages name the largest line and file that are read."""
    assert f"one JSON object per line of at most {MAX_LINE_BYTES // 2**20} MB" in pages["files.md"].text
    assert f"A file may have {MAX_BYTES // 2**20} MB, unpacked" in pages["instaloader.md"].text


def test_an_instaloader_post_is_read_as_the_page_says(pages, tmp_path):
    """The page's JSON and settings give the post of its table."""
    page = pages["instaloader.md"]
    folder = tmp_path / "saved" / "natgeo"
    folder.mkdir(parents=True)
    (folder / "2023-09-25_20-04-29_UTC.json").write_text(page.blocks("json")[0].text, "utf-8")
    (found,) = read(page.blocks("toml")[0].text, tmp_path)
    header = "| post_id | account | kind | posted_at | likes | comments | pictures | caption |"
    (expected,) = page.rows("## A worked example", header)
    (row,) = table_rows(found.posts)
    assert [row[0], found.account, *row[1:]] == expected
    assert found.problems == ()
