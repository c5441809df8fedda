"""The messages in the pages' tables are those of the code, word for word."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

TABLES = [
    ("guide.md", "## When something goes wrong"),
    ("gallery-profiles.md", "## What an error means"),
    ("mastodon.md", "## When something goes wrong"),
    ("graph.md", "## When something goes wrong"),
    ("instaloader.md", "## When something goes wrong"),
    ("files.md", "## When something goes wrong"),
]


@pytest.fixture(scope="module")
def said(root: Path) -> list[str]:
    """Every text in the code; three dots stand for what is put into it."""
    files = [
        file for room in ("flows", "tasks", "classifiers", "warehouse") for file in room_files(root / room)
    ]
    return [text for file in files for text in texts(ast.parse(file.read_text("utf-8")))]


def room_files(room: Path) -> list[Path]:
    """The modules of a room."""
    return sorted(room.rglob("*.py"))


def texts(tree: ast.AST) -> list[str]:
    """The constants and f-strings of a module."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values]
            found.append("".join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


@pytest.mark.parametrize(("page", "heading"), TABLES, ids=[page for page, _ in TABLES])
def test_every_message_is_the_codes(pages, said, page, heading):
    """Each message of the table is part of a text in the code, with … where the code puts something in."""
    rows = pages[page].rows(heading, "| message | what to do |")
    assert len(rows) > 4
    unknown = [message for message, _ in rows if not any(has(text, message.strip("`")) for text in said)]
    assert unknown == []


def has(text: str, message: str) -> bool:
    """Whether the pieces of a message stand in a text, one after the other."""
    place = 0
    for piece in (piece.strip() for piece in message.split("…")):
        found = text.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    return True
