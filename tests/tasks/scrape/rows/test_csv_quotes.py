"""CSV without quotes, or with quotes that are not closed: one bad row costs one row."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tasks.scrape.rows.table import TableSettings

URL = "https://x.example/p/{post_id}"
HEADER = "account\tpost_id\tkind\tcaption\tlikes"


def tsv(files, captions: list[str], end: str = "\n") -> None:
    rows = [f"mia\tp{n}\tvideo\t{caption}\t{n}0" for n, caption in enumerate(captions, start=1)]
    files.write("posts.csv", (end.join([HEADER, *rows]) + end).encode())


def captions_of(importing, settings) -> dict[str, str | None]:
    return {post_id: post.caption for post_id, post in importing.posts(settings).items()}


@pytest.mark.parametrize(
    ("captions", "lost"),
    [
        (["a", '"Roses" is what she said', "c", "d"], [2]),
        (["a", '"On my way', "c", "d"], [2]),
        (["a", "b", "c", '"last'], [4]),
        (["a", '"one', "c", '"two', "e"], [2, 4]),
        (["a", '"On my way', "c", 'got a 27"', "e"], [2]),  # the quote closes by chance, two rows later
        (["a", '"one', '"two', '"three'], [2, 3, 4]),
        (['27" screen', 'she said "hi"', "c"], []),  # a quote inside of a cell is a letter
    ],
)
def test_a_quote_that_is_not_closed_costs_its_row(importing, files, table, captions, lost) -> None:
    """The rows after it are read, and the message has the line where the quote opens, and the setting."""
    tsv(files, captions)
    settings = table(separator="\t", url=URL)
    kept = [n for n in range(1, len(captions) + 1) if n not in lost]
    assert captions_of(importing, settings) == {f"p{n}": captions[n - 1] for n in kept}
    problems = importing.problems(settings)
    assert [one.partition(":")[0] for one in problems] == [f"posts.csv, line {n + 1}" for n in lost]
    assert all('if the cells are not quoted, set `quote = ""`' in one for one in problems)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_without_quotes_a_quotation_mark_is_a_letter(importing, files, table, end) -> None:
    """With `quote = ""` a quotation mark is a letter in any position."""
    captions = ['"Roses" is what she said', '"On my way', 'a ""b""', '"', '27"', "'x'"]
    tsv(files, captions, end)
    settings = table(separator="\t", quote="", url=URL)
    assert list(captions_of(importing, settings).values()) == captions
    assert importing.problems(settings) == []


def test_line_breaks_inside_quotes_belong_to_the_cell(importing, files, table) -> None:
    """A quoted cell may hold line breaks, separators and lines that resemble rows; of two open quotes the right line is reported."""
    poem = "roses, red\nann,p9\n\nviolets, blue, ann, 5, x"
    files.write(
        "posts.csv",
        f'account,post_id,kind,caption,likes\nann,p1,video,"{poem}",1\nann,p2,video,b,2\n'.encode(),
    )
    settings = table(url=URL)
    assert captions_of(importing, settings) == {"p1": poem, "p2": "b"}
    assert importing.problems(settings) == []
    files.write(
        "posts.csv", b'account,post_id,place,caption,kind\nann,p1,"a\nb","c,video\nann,p2,x,y,video\n'
    )
    (first, *_) = importing.problems(settings)
    assert first.startswith(
        "posts.csv, line 2: is not a CSV row: the quote that opens in line 3 is not closed"
    )
    assert list(captions_of(importing, settings)) == ["p2"]


def test_another_quote_character_encloses_cells(importing, files, table) -> None:
    """Another character may enclose cells."""
    files.write("posts.csv", b"account,post_id,kind,caption\nann,p1,video,'a, \"b'\n")
    assert captions_of(importing, table(quote="'", url=URL)) == {"p1": 'a, "b'}


def test_thousands_of_open_quotes_are_read_once(importing, files, table) -> None:
    """A file of thousands of rows with open quotes is read completely, each row once."""
    captions = ['"open' if n % 3 == 0 else "closed" for n in range(6_000)]
    tsv(files, captions)
    settings = table(separator="\t", url=URL)
    assert len(captions_of(importing, settings)) == 4_000


@pytest.mark.parametrize("given", [{"quote": "''"}, {"quote": ","}, {"quote": "\n"}, {"separator": "\r"}])
def test_an_invalid_quote_is_reported_with_the_settings(given) -> None:
    """A quote that is not a single character, or is the separator, is an error of the settings."""
    with pytest.raises(ValidationError, match=r"at most 1 character|must be two different characters"):
        TableSettings(name="rows", kind="table", file="a.csv", **given)
