"""Several addresses or paths in one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.scrape.rows.picture_cells import split_cell

A, B = "https://x.example/a.jpg?w=1,2;3|4", "https://x.example/b.jpg"
THERE = {"a.jpg", "b.jpg", "one file.jpg", "x,y.jpg", "pics/1.jpg", "[1].jpg"}
TEXTS: list[tuple[str, list[str]]] = [
    (A, [A]),
    *(
        (f"{A}{separator}{B}", [A, B])
        for separator in (",", ";", "|", ", ", " | ", "\n", "\r\n", " ", "\t", " , ")
    ),
    (f"['{A}', '{B}']", [A, B]),
    (f'["{A}", "{B}"]', [A, B]),
    (f"('{A}', '{B}')", [A, B]),
    (f"['{A}'\n '{B}']", [A, B]),  # numpy
    (f"{{{A},{B}}}", [A, B]),  # PostgreSQL
    (f"[{A}, {B}]", [A, B]),
    (f'"{A}","{B}"', [A, B]),
    (f"['{A}', None]", [A]),
    ("[]", []),
    (f"{A},", [A]),
    ("https://x.example/w_300,h_200/a;b|c.jpg", ["https://x.example/w_300,h_200/a;b|c.jpg"]),
    (f"https://x.example/w_300,h_200/a.jpg,{B}", ["https://x.example/w_300,h_200/a.jpg", B]),
    ("https://x.example/go?to=https://y.example/1", ["https://x.example/go?to=https://y.example/1"]),
    ("a.jpg,b.jpg", ["a.jpg", "b.jpg"]),
    ("a.jpg b.jpg", ["a.jpg", "b.jpg"]),
    ("a.jpg;pics/1.jpg", ["a.jpg", "pics/1.jpg"]),
    ("['a.jpg', 'one file.jpg']", ["a.jpg", "one file.jpg"]),
    ("one file.jpg", ["one file.jpg"]),
    ("one file.jpg|a.jpg", ["one file.jpg", "a.jpg"]),
    ("x,y.jpg", ["x,y.jpg"]),
    ("[1].jpg", ["[1].jpg"]),
    ("later1.jpg,later2.jpg", ["later1.jpg", "later2.jpg"]),
    ("not there.jpg", ["not there.jpg"]),
    (f"a.jpg, {A}", ["a.jpg", A]),
    (f"{B},a.jpg", [B, "a.jpg"]),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS, ids=[repr(text)[:50] for text, _ in TEXTS])
def test_a_text_with_several_addresses_is_split(text: str, expected: list[str]) -> None:
    """However a program joins addresses, each one is complete, also with separators inside it."""
    assert split_cell(text, THERE.__contains__) == expected


@pytest.mark.parametrize(
    "text", [f"{B}, nowhere.jpg", "this,that", '{"url": "https://x.example/1"}', "a.jpg,that"]
)
def test_an_ambiguous_text_is_an_error(text: str) -> None:
    """A text that may be one picture or several is an error that says how to write it."""
    with pytest.raises(ValueError, match="write a JSON list"):
        split_cell(text, THERE.__contains__)


@given(st.text() | st.text("[]{}()'\",;| \nhttps:/a.jpg\\"))
def test_any_text_is_a_list_or_a_value_error(text: str) -> None:
    """Any cell is a list, or a ValueError."""
    try:
        assert isinstance(split_cell(text, THERE.__contains__), list)
    except ValueError:
        return


@given(
    st.lists(
        st.text("abc,;|()'=&/?.0", min_size=1).map(lambda path: f"https://x.example/{path}"),
        min_size=2,
        max_size=4,
    )
)
def test_a_list_round_trips(addresses: list[str]) -> None:
    """A list as Python and JSON write it is the same list, whatever its addresses hold."""
    assert split_cell(repr(addresses), THERE.__contains__) == addresses


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" " * 200_000 + "x", ["x"]),
        ("a" + " " * 200_000 + "b", ["a b"]),
        ("[" + "'" * 200_000 + "]", []),
        ("['" + "\\" * 200_000, ["['" + "\\" * 200_000]),
    ],
    ids=["spaces before", "spaces between", "quotes", "backslashes"],
)
def test_a_hostile_cell_is_read_in_linear_time(text: str, expected: list[str]) -> None:
    """A cell that would take quadratic time with naive patterns is read as a short one of its form."""
    assert split_cell(text, THERE.__contains__) == expected


def test_tables_and_json_lines_split_texts_alike(importing, files, table, jsonl, row) -> None:
    """Both give a carousel of the addresses; `kind` is not inferred from an ambiguous text."""
    cells = [
        f'"{A},{B}"',
        f'"{A};{B}"',
        f"{A}|{B}".replace(",", "%2C"),
        f"\"['{B}', '{B}?2']\"",
        f'"{B}, nowhere.jpg"',
        B,
    ]
    lines = ["post_id,account,pictures", *(f"p{n},ann,{cell}" for n, cell in enumerate(cells))]
    files.write("posts.csv", "\n".join(lines).encode())
    settings = table(url="https://x.example/p/{post_id}")
    posts = importing.posts(settings)
    assert [(post.kind, len(post.pictures)) for post in posts.values()] == [("carousel", 2)] * 4 + [
        ("image", 1)
    ]
    (problem,) = importing.problems(settings)
    assert problem.startswith("posts.csv, line 6: pictures: ") and "may be one picture or several" in problem
    files.lines(
        "posts.jsonl", row("p1", kind=None, pictures=f"{A},{B}"), row("p2", kind=None, pictures=[f"{A},{B}"])
    )
    assert [post.pictures for post in importing.posts(jsonl()).values()] == [(A, B), (A, B)]
