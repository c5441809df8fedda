"""Files in other letters than UTF-8: read where the settings say what they are, else refused where a key would be wrong."""

from __future__ import annotations

import gzip
import json

import pytest
from pydantic import ValidationError

from tasks.errors import BadInput
from tasks.scrape.rows.jsonl import JsonLinesSettings

TABLE = 'Konto;Beitrag;Gefällt mir;Text;Art\r\njosé.müller;p1;120;Grüße aus Köln – schön;video\r\njosé.müller;p2;90;"Café, 3 €";video\r\n'
COLUMNS = {"Konto": "account", "Beitrag": "post_id", "Gefällt mir": "likes", "Text": "caption", "Art": "kind"}
URL = "https://x.example/p/{post_id}"


@pytest.mark.parametrize(("written", "named"), [
    ("cp1252", "cp1252"), ("cp1252", "Windows-1252"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"), ("utf-8", "utf-8"),
    ("utf-8-sig", "utf-8"), ("utf-8-sig", "UTF-8-SIG"), ("mac-roman", "mac-roman"), ("gb18030", "gb18030"),
])  # fmt: skip
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_table_in_another_encoding_is_read_exactly(importing, files, table, written, named, pack) -> None:
    """With `encoding`, header, account and caption are decoded exactly, packed or not."""
    files.write("posts.csv", pack(TABLE.encode(written)))
    settings = table(separator=";", encoding=named, columns=COLUMNS, url=URL)
    (page,) = importing.pages(settings)
    assert (page.account, page.problems) == ("josé.müller", ())
    assert [(post.likes, post.caption) for post in page.posts] == [
        (120, "Grüße aus Köln – schön"),
        (90, "Café, 3 €"),
    ]


def test_json_lines_in_another_encoding_are_read(importing, files, jsonl, row) -> None:
    """JSON Lines have the setting too."""
    line = json.dumps(row(account="josé", caption="Köln"), ensure_ascii=False)
    for encoding in ("cp1252", "utf-16"):
        files.write("posts.jsonl", f"{line}\n".encode(encoding))
        (page,) = importing.pages(jsonl(encoding=encoding))
        assert (page.account, page.posts[0].caption) == ("josé", "Köln")


def test_no_damaged_key_is_stored(importing, files, table, jsonl, row) -> None:
    """Without the setting, a damaged header stops the source, a damaged key costs its row, and a damaged caption is reported."""
    files.write("posts.csv", TABLE.encode("cp1252"))
    with pytest.raises(
        BadInput,
        match=r"is not UTF-8: its first line has other bytes; save it as UTF-8, or set `encoding`",
    ):
        importing.run(table(separator=";", columns=COLUMNS, url=URL))
    ascii_header = TABLE.replace("Gefällt mir", "Likes") + "ann;p3;5;schön;video\r\nann;ö4;5;;video\r\n"
    files.write("posts.csv", ascii_header.encode("cp1252"))
    columns = {"Likes": "likes"} | {key: one for key, one in COLUMNS.items() if one != "likes"}
    ended = importing.run(table(separator=";", columns=columns, url=URL))
    assert importing.rows("select account, post_id, caption from posts") == [("ann", "p3", "sch\ufffdn")]
    assert (
        "line 2: account: 'jos\ufffd.m\ufffdller' is not an id: some letters were lost; save the file as UTF-8"
        in ended.message
    )
    thread = [{"comment_id": "cé"}, {"comment_id": "c2", "author": "josé", "text": "olé"}]
    line = json.dumps(row(thread=thread, url="https://x.example/é"), ensure_ascii=False)
    files.write("posts.jsonl", line.encode("cp1252"))
    (page,) = importing.pages(jsonl(url=URL))
    assert page.posts[0].url == "https://x.example/p/p1"
    assert [(one.comment_id, one.author, one.text) for one in page.posts[0].thread] == [
        ("c2", None, "ol\ufffd")
    ]
    assert len(page.problems) == 4


def test_utf_8_under_another_encoding_is_rejected(importing, files, table) -> None:
    """A UTF-8 file under another `encoding` is rejected: its letters would be wrong without an error."""
    settings = table(separator=";", encoding="cp1252", columns=COLUMNS, url=URL)
    for data in (TABLE.encode(), TABLE.encode("utf-8-sig")):
        files.write("posts.csv", data)
        with pytest.raises(
            BadInput, match=r"is UTF-8, as its line 1 shows, and not cp1252; remove `encoding`"
        ):
            importing.run(settings)


def test_bytes_outside_the_encoding_are_reported(importing, files, table) -> None:
    """Bytes that an encoding can't decode are reported as in UTF-8."""
    files.write("posts.csv", b"account,post_id,kind,caption\nann,p1,video,\xfcber \x81\n")
    (page,) = importing.pages(table(encoding="cp1252", url=URL))
    assert page.posts[0].caption == "über \ufffd"
    assert "were replaced by U+FFFD" in page.problems[0]


@pytest.mark.parametrize("encoding", ["utf-9", "hex", "rot13", "", "base64"])
def test_an_unknown_encoding_is_reported_with_the_settings(encoding) -> None:
    """A name that is not a text encoding is an error of the settings, with examples."""
    with pytest.raises(ValidationError, match=r'is not a text encoding; write "utf-8", "cp1252" \(Windows\)'):
        JsonLinesSettings(name="rows", kind="jsonl", file="a", encoding=encoding)
