"""JSON Lines that are messy or hostile: what is skipped, and what is reported."""

from __future__ import annotations

import gzip
import json

import pytest

from tasks.errors import BadInput


@pytest.mark.slow
def test_a_bad_line_costs_only_itself(importing, files, jsonl, row) -> None:
    """Each line that does not fit is reported with its file, line and field; the good ones are stored."""
    files.lines(
        "posts.jsonl",
        row("a"),
        row("b", kind="photo"),
        "",
        '{"v": 1, "account": "ann", ',
        "[1, 2]",
        "[" * 100_000,
        row("c", v="one"),
        row("d", v=True),
        {"account": "ann"},
        row("e", type="story"),
        row("f", observed_at="2101-01-01"),
        row("z"),
    )
    ended = importing.run(jsonl())
    assert (ended.status, ended.items, ended.failures) == ("incomplete", 2, 9)
    problems = importing.problems(jsonl())
    expected = [
        "posts.jsonl, line 2: kind: 'photo' is not one of",
        "posts.jsonl, line 4: is not JSON, or is cut off",
        "posts.jsonl, line 5: […] is not an object; write one object per line",
        "posts.jsonl, line 6: is nested too deeply",
        "posts.jsonl, line 7: v: 'one' is not a version; write 1",
        "posts.jsonl, line 8: v: true is not a version",
        'posts.jsonl, line 9: v: is missing; write "v": 1',
        "posts.jsonl, line 10: type: 'story' is not one of post, account",
        "posts.jsonl, line 11: observed_at: 2101-01-01 00:00 lies in the future",
    ]
    assert [
        reported[: len(message)] for reported, message in zip(problems, expected, strict=True)
    ] == expected
    assert importing.rows("select post_id from posts order by 1") == [("a",), ("z",)]


def test_bytes_that_are_not_utf_8_are_replaced_and_reported(importing, files, jsonl, row) -> None:
    """Bytes that are not UTF-8 become U+FFFD in a stored row, with a byte order mark or without."""
    line = json.dumps(row(caption="caf@")).encode().replace(b"@", b"\xe9")
    files.write("posts.jsonl", b"\xef\xbb\xbf" + line + b"\r\n" + line.replace(b"p1", b"p2"))
    (page,) = importing.pages(jsonl())
    assert [post.caption for post in page.posts] == ["caf�", "caf�"]
    assert page.problems[1] == (
        "posts.jsonl, line 2: bytes that are not UTF-8 were replaced by U+FFFD; save the file as UTF-8, or set `encoding`"
    )


NO_ROWS = [
    (b'[\n{"v": 1}\n]\n', "No row of .* could be read"),
    (b"\x89PNG\r\n\x1a\n", "No row of .* could be read"),
    ('{"v": 1}\n'.encode("utf-16"), "is UTF-16; save it as UTF-8"),
    (b"", "There is no row in"),
    (b"\n \n", "There is no row in"),
    (b"\x1f\x8b not gzip", "can't be read behind line 0"),
    (b"account,post_id\nann,1\n", "No row of .* could be read"),
    (b"x\n" * 5_000, r"No row of .* could be read.*line 1: .*line 2: .*line 3: "),
]


@pytest.mark.parametrize(("data", "message"), NO_ROWS, ids=range(len(NO_ROWS)))
def test_a_file_without_a_good_row_is_an_error(importing, files, jsonl, data, message) -> None:
    """A file that is not JSON Lines is an error that names it, and nothing is stored."""
    files.write("posts.jsonl", data)
    with pytest.raises(BadInput, match=message) as raised:
        importing.run(jsonl())
    assert "posts.jsonl" in str(raised.value)


def test_a_line_above_the_size_limit_ends_the_file(importing, files, jsonl, row) -> None:
    """A line of more than 8 MB ends the file, is reported, and does not fill the memory."""
    files.write("posts.jsonl", json.dumps(row()).encode() + b"\n" + b'"' + b"x" * (9 * 2**20))
    (page,) = importing.pages(jsonl())
    assert page.problems == ("posts.jsonl has a line 2 of more than 8 MB",)


def test_bad_lines_above_the_limit_are_only_counted(importing, files, jsonl, row) -> None:
    """A thousand bad lines are reported individually, the others are counted."""
    files.lines("posts.jsonl", row("a"), *(row(kind="?") for _ in range(1_500)), row("b"))
    problems = importing.problems(jsonl())
    assert len(problems) == 1_001
    assert problems[-1] == "posts.jsonl: 500 more lines could not be read"


def test_a_truncated_gzip_file_gives_its_complete_lines(importing, files, jsonl, row) -> None:
    """A .gz that is still being written gives its complete lines, and a problem."""
    files.lines("whole.jsonl.gz", row("a"))
    assert list(importing.posts(jsonl(file="whole.jsonl.gz"))) == ["a"]
    lines = "".join(json.dumps(row(f"p{n}", caption=str(hash(str(n))))) + "\n" for n in range(4_000)).encode()
    packed = gzip.compress(lines)
    files.write("cut.jsonl.gz", packed[: len(packed) // 2])
    problems = importing.problems(jsonl(file="cut.jsonl.gz"))
    assert "is cut off after line" in problems[-1] and "the next run reads it" in problems[-1]
    assert len(importing.posts(jsonl(file="cut.jsonl.gz"))) > 1_000


OUTSIDE = ["../secret.jpg", "/etc/hostname", "file:///etc/hostname", "pics/../../secret.jpg", "link.jpg",
           "data:image/png;base64,xx", "C:\\pics\\a.jpg", "ftp://x.example/a.jpg", "a\x00b.jpg", "http://"]  # fmt: skip


@pytest.mark.parametrize("picture", OUTSIDE)
def test_a_picture_outside_the_folder_is_rejected(importing, files, jsonl, row, picture) -> None:
    """A row that names a file outside its file's folder, or another kind of address, is skipped and reported."""
    (importing.folder.parent / "secret.jpg").write_bytes(b"x")
    (importing.folder / "link.jpg").symlink_to(importing.folder.parent / "secret.jpg")
    files.lines("posts.jsonl", row("good"), row("bad", kind=None, pictures=[picture]))
    (page,) = importing.pages(jsonl())
    assert [post.post_id for post in page.posts] == ["good"]
    assert page.problems[0].startswith("posts.jsonl, line 2: pictures[0]: ")
    assert "is neither an http(s) address nor a path inside the folder of this file" in page.problems[0]


def test_times_out_of_range_are_reported(importing, files, jsonl, row) -> None:
    """A time before 2000 or in the future is null and reported; as a time of observation it costs the row."""
    files.lines(
        "posts.jsonl",
        row("a", posted_at=0, likes=1),
        row("b", posted_at="2101-01-01", likes=1),
        row("c", observed_at="1970-01-01"),
        row("d", thread=[{"comment_id": "c1", "posted_at": 45_413.76, "text": "hi"}]),
    )
    (page,) = importing.pages(jsonl())
    assert [(post.post_id, post.posted_at) for post in page.posts] == [("a", None), ("b", None), ("d", None)]
    assert page.posts[2].thread[0].posted_at is None
    assert "line 1: posted_at: 0 is not a Unix time between 2000 and tomorrow" in page.problems[0]
    assert "line 2: posted_at: 2101-01-01 00:00 lies in the future" in page.problems[1]
    assert "line 3: observed_at: 1970-01-01 00:00 lies before 2000" in page.problems[2]
    assert (
        "line 4: thread[0].posted_at: 45413.76 is not a time: it looks like a spreadsheet" in page.problems[3]
    )
