"""CSV and Parquet: columns as fields, cells as values, and comments in a table of their own."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
import pytest
from pydantic import ValidationError

from tasks.errors import BadInput
from tasks.scrape.rows.table import TableSettings

URL = "https://x.example/p/{post_id}"
SCRAPED = {
    "Owner": "account",
    "ID": "post_id",
    "Likes": "likes",
    "Replies": "comments",
    "Text": "caption",
    "When": "posted_at",
    "Images": "pictures",
}


def csv(files, *lines: str, name: str = "posts.csv", end: str = "\n"):
    return files.write(name, "".join(line + end for line in lines).encode())


@pytest.mark.slow
def test_a_table_with_the_schemas_names_needs_no_mapping(importing, files, table) -> None:
    """An empty cell is null, quotes hold separators and line breaks."""
    csv(
        files,
        "account,post_id,url,kind,posted_at,caption,place,pinned,likes,comments,likes_hidden,pictures,x_note",
        'ann,p1,https://x.example/1,image,2024-05-01T10:00:00Z,"a, ""b""\nc",Pier,true,0,12,no,https://x.example/1.jpg,n',
        "ann,p2,https://x.example/2,video,,,,,,,yes,,",
    )
    ended = importing.run(table())
    assert (ended.status, ended.items) == ("done", 2)
    assert importing.rows(
        "select post_id, kind, posted_at, caption, place, pinned from posts order by 1"
    ) == [
        ("p1", "image", datetime(2024, 5, 1, 10), 'a, "b"\nc', "Pier", True),
        ("p2", "video", None, None, None, None),
    ]
    assert importing.rows("select post_id, likes, comments, likes_hidden from observations order by 1") == [
        ("p1", 0, 12, False),
        ("p2", None, None, True),
    ]


def test_columns_maps_another_programs_table(importing, files, table) -> None:
    """With `columns` any table can be read: the mapped columns are fields, and the others are ignored."""
    csv(
        files,
        "ID,Junk,Owner,Likes,Replies,Text,When,Images",
        '1,x,ann,"36,044",12,שלום 🌅,1700000000,https://x.example/1.jpg https://x.example/2.jpg',
        '2,x,ann,36.0k,3.0,,2024-05-01,"[""https://x.example/1.jpg""]"',
        "3,x,ann,1.2m,,,20240501,",
    )
    pages = importing.pages(table(columns=SCRAPED, url=URL))
    posts = {post.post_id: post for post in pages[0].posts}
    assert (posts["1"].likes, posts["1"].likes_rounded, posts["1"].kind) == (36_044, False, "carousel")
    assert posts["1"].posted_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert (posts["2"].likes, posts["2"].likes_rounded, posts["2"].comments) == (36_000, True, 3)
    assert posts["2"].posted_at == datetime(2024, 5, 1, tzinfo=UTC)
    assert posts["1"].caption == "שלום 🌅"
    (problem,) = pages[0].problems
    assert problem.startswith("posts.csv, line 4: kind: it is missing")


def test_bad_rows_are_reported_with_line_and_field(importing, files, table) -> None:
    """The line is the one where the row begins, even if a cell before it spans several lines."""
    csv(
        files,
        "account,post_id,url,kind,likes,pinned,pictures,thread",
        'ann,"p\n1",https://x.example/1,image,1,,,',
        "ann,p2,https://x.example/1,image,-1,,,",
        "ann,p3,https://x.example/1,image,lots,,,",
        "ann,p4,https://x.example/1,image,1,maybe,,",
        "ann,p5,https://x.example/1",
        "ann,p6,https://x.example/1,image,1,,,,,",
        'ann,p7,https://x.example/1,image,1,,"ftp:a",',
        "ann,p8,https://x.example/1,image,1,,,no json",
        'ann,"p9"x,https://x.example/1,image,1,,,',
        "",
        "ann,p10,https://x.example/1,image,1,,,",
    )
    (page,) = importing.pages(table())
    assert [post.post_id for post in page.posts] == ["p\n1", "p2", "p3", "p4", "p7", "p8", "p10"]
    assert [post.likes for post in page.posts] == [1, None, None, 1, 1, 1, 1]
    reported = [problem.removeprefix("posts.csv, line ")[:60] for problem in page.problems]
    assert reported == [
        "4: likes: -1 is not a count; for hidden likes write likes_hi",
        "5: likes: 'lots' is not a count; write a whole number from 0",
        "6: pinned: 'maybe' is neither true nor false",
        "7: has 3 cells, and the header has 8; quote cells that hold ",
        "8: has 10 cells, and the header has 8; quote cells that hold",
        "9: pictures[0]: 'ftp:a' is neither an http(s) address nor a ",
        "10: thread: 'no json' is not JSON, or is cut off (Expecting ",
        "11: is not a CSV row (',' expected after '\"'); if the cells ",
    ]


HEADERS = [
    ("", {}, "is empty|There is no row"),
    (
        "account,likes\n",
        {},
        r"has no column post_id; it has 'account', 'likes'\. Map a column to it in `columns`",
    ),
    ("post_id\n", {}, "has no column account"),
    (
        "account,post_id,likess\n",
        {},
        r"has a column 'likess' that is not in the schema; did you mean likes\?",
    ),
    ("account,post_id,Likes\n", {}, r"'Likes' .*did you mean likes\?"),
    ("account,post_id\n", {"columns": {"ID": "post_id"}}, "has no column 'ID', which `columns` names"),
    ("account,post_id,likes,likes\n", {}, "has 2 columns for likes"),
    ("account;post_id;likes\n", {}, r"has only one column; if its separator is ';', set `separator`"),
    ("\x00\x01\x02\n", {}, "is not in the schema"),
]


@pytest.mark.parametrize(("text", "more", "message"), HEADERS, ids=range(len(HEADERS)))
def test_an_invalid_header_is_an_error(importing, files, table, text, more, message) -> None:
    """A table without required columns, or with unknown ones, is an error that says what to do."""
    files.write("posts.csv", text.encode())
    with pytest.raises(BadInput, match=message):
        importing.run(table(**more))


def test_other_separators_and_line_ends_are_read(importing, files, table) -> None:
    """A semicolon as separator, a byte order mark, Windows line ends and packing are read."""
    text = "\ufeffaccount;post_id;kind\r\nann;p1;video\r\nann;p2;video\r\n"
    files.write("posts.csv", text.encode())
    assert list(importing.posts(table(separator=";", url=URL))) == ["p1", "p2"]


def test_a_mapped_field_ignores_the_column_with_its_name(importing, files, table) -> None:
    """If another column is mapped to a field, the column with the field's own name is ignored."""
    csv(files, "account,post_id,kind,likes,true_likes", "ann,p1,video,7,9")
    post = importing.posts(table(url=URL, columns={"true_likes": "likes"}))["p1"]
    assert post.likes == 9


def frame(files, rows: dict[str, object], name: str = "posts.parquet") -> None:
    pl.DataFrame(rows).write_parquet(files.folder / name)
    os.utime(files.folder / name, (1_700_000_000, 1_700_000_000))


def test_typed_parquet_columns_are_read(importing, files, table) -> None:
    """Numbers, times, lists and structures are read by their types; pandas' forms of null are null."""
    frame(
        files,
        {
            "account": ["ann"] * 3,
            "post_id": [1, 2, 3],
            "likes": [1.0, None, float("nan")],
            "comments": ["36,044", "5", None],
            "posted_at": [datetime(2024, 5, 1, 10), None, datetime(2024, 5, 2)],
            "caption": ["שלום", "", None],
            "pinned": [True, None, False],
            "pictures": [["https://x.example/1.jpg", None], [], None],
            "kind": [None, "video", "video"],
            "thread": [[{"comment_id": "c", "text": "hi"}], [], None],
        },
    )
    ended = importing.run(table(file="posts.parquet", url=URL))
    assert (ended.status, ended.items) == ("done", 3)
    assert importing.rows("select post_id, likes, comments from observations order by 1") == [
        ("1", 1, 36_044),
        ("2", None, 5),
    ]
    assert importing.rows("select post_id, kind, posted_at, caption, pinned from posts order by 1") == [
        ("1", "image", datetime(2024, 5, 1, 10), "שלום", True),
        ("2", "video", None, None, None),
        ("3", "video", datetime(2024, 5, 2), None, False),
    ]
    assert importing.rows("select post_id, text from comments") == [("1", "hi")]
    before = importing.tables()
    importing.run(table(file="posts.parquet", url=URL))
    assert importing.tables() == before


def test_parquet_dates_decimals_and_zones_are_read(importing, files, table) -> None:
    """A fraction as a count is reported with its row."""
    frame(
        files,
        {
            "account": ["ann"] * 2,
            "post_id": ["a", "b"],
            "kind": ["video"] * 2,
            "posted_at": [date(2024, 5, 1), date(2024, 5, 2)],
            "observed_at": ["1700000000", None],
            "likes": [Decimal("12.00"), Decimal("1.50")],
            "comments": ["1.2k", None],
            "pinned": ["yes", ""],
        },
    )
    (page,) = importing.pages(table(file="posts.parquet", url=URL))
    assert [(post.post_id, post.likes) for post in page.posts] == [("a", 12), ("b", None)]
    assert (page.posts[0].comments, page.posts[0].comments_rounded, page.posts[0].pinned) == (
        1_200,
        True,
        True,
    )
    assert page.posts[0].observed_at == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert page.posts[0].posted_at == datetime(2024, 5, 1, tzinfo=UTC)
    assert page.problems == (
        "posts.parquet, row 2: likes: 1.50 is not a count; write a whole number from 0 on, or null when unknown",
    )


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + bytes(60) + b"PAR1", b"PAR1" + b"\xff" * 400 + b"PAR1"])
def test_a_broken_parquet_file_is_an_error(importing, files, table, data) -> None:
    """A file that only begins as Parquet is an error that names it."""
    files.write("posts.parquet", data)
    with pytest.raises(BadInput, match=r"posts\.parquet is not a Parquet file that can be read"):
        importing.run(table(file="posts.parquet"))


def test_a_table_of_comments_is_joined_to_its_posts(importing, files, table) -> None:
    """Comments in a separate table reach their posts in file order; a post without any has none."""
    csv(files, "account,post_id,kind", "ann,p1,video", "ann,p2,video", "ann,p3,video")
    csv(
        files,
        "post_id,comment_id,author,text,parent_id,when,likes",
        "p2,c1,bob,hi,,1700000000,3",
        "p1,c2,ann,yes,,,",
        "p2,c3,cy,you too,c1,,x",
        "p2,c4,cy,you too,c1,,",
        ",c5,cy,lost,,,",
        name="comments.csv",
    )
    settings = table(url=URL, comments_file="comments.csv", comments_columns={"when": "posted_at"})
    ended = importing.run(settings)
    assert importing.rows("select post_id, comment_id, parent_id, text, likes from comments order by 2") == [
        ("p2", "c1", None, "hi", 3),
        ("p1", "c2", None, "yes", None),
        ("p2", "c3", "c1", "you too", None),
        ("p2", "c4", "c1", "you too", None),
    ]
    assert (ended.status, ended.failures) == ("incomplete", 2)
    assert "comments.csv, line 4: likes: 'x' is not a count" in ended.message
    assert "comments.csv, line 6: post_id: is missing" in ended.message
    assert all(not post.thread for page in importing.pages(settings, comments=False) for post in page.posts)
    csv(files, "post_id,text", ",x", name="comments.csv")
    with pytest.raises(BadInput, match=r"No row of .*comments\.csv could be read"):
        importing.run(table(url=URL, comments_file="comments.csv"))


MISTAKES = [
    ({"columns": {"Likes": "like"}}, r"'Likes' can't be 'like': it is not a field; did you mean likes\?"),
    ({"comments_columns": {"a": "caption"}}, "'a' can't be 'caption': it is not a field"),
    ({"separator": ",,"}, "at most 1 character"),
    ({"column": {}}, "Extra inputs"),
]


@pytest.mark.parametrize(("given", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_invalid_settings_are_reported(given, message) -> None:
    """A mistake in the settings is reported when they are read, with a suggestion."""
    with pytest.raises(ValidationError, match=message):
        TableSettings(name="rows", kind="table", file="a.csv", **given)


def test_a_later_file_without_a_column_erases_nothing(importing, table) -> None:
    """Caption, place, time, likes and comments stay if a newer export has other columns, or empty cells."""
    (importing.folder / "posts.csv").write_text(
        "account,post_id,kind,posted_at,caption,place,likes,comments\nann,1,video,2024-05-01T10:00:09Z,Blue,Lisbon,12,3\n"
    )
    importing.run(table(file="posts.csv", url=URL))
    (importing.folder / "posts.csv").write_text(
        "account,post_id,kind,posted_at,place,comments\nann,1,video,2024-05-01,,4\n"
    )
    importing.run(table(file="posts.csv", url=URL), full=True)
    found = importing.rows("select posted_at, caption, place from posts")
    assert found == [(datetime(2024, 5, 1, 10, 0, 9), "Blue", "Lisbon")]
    counts = importing.rows("select likes, comments from observations order by observed_at")
    assert counts == [(12, 3), (None, 4)]
