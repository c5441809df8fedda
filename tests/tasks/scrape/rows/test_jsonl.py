"""JSON Lines into the tables: clean, messy and hostile, night after night."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from itertools import islice

import pytest
from pydantic import ValidationError

from tasks.errors import BadInput
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.read_context import ReadContext
from tasks.scrape.rows.jsonl import JsonLinesSettings
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source

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
        "select observed_at, likes, comments, likes_hidden, likes_rounded from observations"
    ) == [(WRITTEN, 3, 2, False, True)]
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


def test_lines_of_one_post_at_several_times_are_observations(importing, files, jsonl, row) -> None:
    """Lines of one post at several times are separate observations, in any order; the newest is the post."""
    times = ["2023-03-01", "2023-01-01", "2023-02-01"]
    files.lines("posts.jsonl", *(row(observed_at=when, likes=int(when[6]), caption=when) for when in times))
    for _ in range(2):
        importing.run(jsonl())
        assert importing.rows("select likes from observations order by observed_at") == [(1,), (2,), (3,)]
        assert importing.rows("select caption from posts") == [("2023-03-01",)]


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
    assert [told[: len(said)] for told, said in zip(problems, expected, strict=True)] == expected
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


@pytest.mark.parametrize(("data", "said"), NO_ROWS, ids=range(len(NO_ROWS)))
def test_a_file_without_a_good_row_is_an_error(importing, files, jsonl, data, said) -> None:
    """A file that is not JSON Lines is an error that names it, and nothing is stored."""
    files.write("posts.jsonl", data)
    with pytest.raises(BadInput, match=said) as raised:
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


MISTAKES = [
    ({}, "write either `file`, a path, or `files`, a pattern"),
    ({"file": "a", "files": "b"}, "write either `file`"),
    ({"file": "a", "url": "https://x.example/p/"}, r"with \{post_id\} in it"),
    ({"file": "a", "url": "ftp://x.example/{post_id}"}, "http or https address"),
]


@pytest.mark.parametrize(("given", "said"), MISTAKES, ids=range(len(MISTAKES)))
def test_invalid_settings_are_reported(given, said) -> None:
    """A mistake in the settings is reported when they are read."""
    with pytest.raises(ValidationError, match=said):
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
