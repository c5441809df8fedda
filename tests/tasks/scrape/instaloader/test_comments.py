"""Comments and their answers, from the file that Instaloader writes with --comments."""

from __future__ import annotations

from datetime import UTC, datetime

COMMENTS = [
    {
        "id": 17_900_000_000_000_001,
        "created_at": 1_600_000_000,
        "text": "وردة 🌹",
        "owner": {"id": "9", "username": "bob"},
        "likes_count": 3,
        "answers": [
            {
                "id": 2,
                "created_at": 1_600_000_100,
                "text": "@bob <3",
                "owner": {"username": "ann"},
                "likes_count": 0,
            }
        ],
    },
    {"id": 3, "created_at": 1_600_000_200, "text": "nice", "owner": {"username": "cy"}},
]


def test_replies_name_their_parent(importing, download, anonymous) -> None:
    """Comments and replies are read completely, and a reply names the comment that it replies to."""
    download.post("p", anonymous("p"))
    download.write("p_comments.json", COMMENTS)
    post = importing.posts(download.settings())["p"]
    assert post.detailed
    first, answer, third = post.thread
    assert (first.comment_id, first.author, first.text, first.likes) == (
        "17900000000000001",
        "bob",
        "وردة 🌹",
        3,
    )
    assert first.posted_at == datetime.fromtimestamp(1_600_000_000, UTC)
    assert (answer.parent_id, answer.author, answer.text, answer.likes) == (
        first.comment_id,
        "ann",
        "@bob <3",
        0,
    )
    assert (third.parent_id, third.likes) == (None, None)


def test_comments_are_stored_under_pseudonyms(importing, download, anonymous) -> None:
    """In the tables comments are under their post, with pseudonyms of their authors."""
    download.post("p", anonymous("p"))
    download.write("p_comments.json", COMMENTS)
    importing.run(download.settings())
    rows = importing.rows(
        "select post_id, comment_id, parent_id, likes, author from comments order by posted_at"
    )
    assert [row[:4] for row in rows] == [
        ("p", "17900000000000001", None, 3),
        ("p", "2", "17900000000000001", 0),
        ("p", "3", None, None),
    ]
    assert not {"bob", "ann", "cy"} & {row[4] for row in rows}


def test_comments_false_reads_no_comments(importing, download, anonymous) -> None:
    """With `comments = false` in the settings the file is not read."""
    download.post("p", anonymous("p"))
    download.write("p_comments.json", COMMENTS)
    (page,) = importing.pages(download.settings(), comments=False)
    assert (page.posts[0].thread, page.posts[0].detailed) == ((), False)


def test_broken_comments_cost_only_themselves(importing, download, anonymous) -> None:
    """A truncated or malformed comments file is reported; the post and the good comments stay."""
    download.post("a", anonymous("a"))
    download.write("a_comments.json", b'[{"id": 1, "text": "cut')
    download.post("b", anonymous("b"))
    download.write(
        "b_comments.json", ["?", {"id": None, "text": 5, "created_at": "x", "likes_count": -1}, *COMMENTS]
    )
    posts = importing.posts(download.settings())
    assert (posts["a"].thread, posts["a"].detailed) == ((), False)
    assert [comment.comment_id for comment in posts["b"].thread] == [None, "17900000000000001", "2", "3"]
    problems = importing.problems(download.settings())
    assert any(
        problem.startswith("a_comments.json: thread: is not JSON, or is cut off") for problem in problems
    )
    assert "b_comments.json: thread: a comment is not an object; it was skipped" in problems
    assert (
        "b_comments.json: thread: 'x' is not a time; write ISO 8601, as 2024-05-01T18:20:00Z, or Unix seconds"
        in problems
    )
    assert "b_comments.json: thread: -1 is not a count" in problems
