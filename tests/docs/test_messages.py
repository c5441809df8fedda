"""The messages in the pages' tables are in the code, word for word."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

TABLES = [
    ("guide.md", "## When something goes wrong"),
    ("gallery-profiles.md", "## What an error means"),
    ("mastodon.md", "## When something goes wrong"),
    ("graph.md", "## When something goes wrong"),
    ("instaloader.md", "## When something goes wrong"),
    ("files.md", "## When something goes wrong"),
    ("cluster.md", "## When something goes wrong"),
    ("forecast.md", "## When something is missing"),
    ("object-store.md", "## When something goes wrong"),
]


@pytest.fixture(scope="module")
def code_texts(root: Path) -> list[str]:
    """Every text in the code; three dots stand for its placeholders."""
    files = [
        file for room in ("flows", "tasks", "classifiers", "warehouse") for file in room_files(root / room)
    ]
    return [text for file in files for text in texts(ast.parse(file.read_text("utf-8")))]


def room_files(room: Path) -> list[Path]:
    """Return the modules of a room."""
    return sorted(room.rglob("*.py"))


def texts(tree: ast.AST) -> list[str]:
    """Return the constants and f-strings of a module."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = [str(p.value) if isinstance(p, ast.Constant) else "…" for p in node.values]
            found.append("".join(parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


@pytest.mark.parametrize(("page", "heading"), TABLES, ids=[page for page, _ in TABLES])
def test_every_message_is_in_the_code(pages, code_texts, page, heading):
    """Each message of the table is part of a text in the code, with … for a placeholder."""
    rows = pages[page].rows(heading, "| message | what to do |")
    assert len(rows) > 4
    unknown = [
        message for message, _ in rows if not any(contains(text, message.strip("`")) for text in code_texts)
    ]
    assert unknown == []


def contains(text: str, message: str) -> bool:
    """Return whether the pieces of a message are in a text, in their order."""
    position = 0
    for piece in (piece.strip() for piece in message.split("…")):
        found = text.find(piece, position)
        if found < 0:
            return False
        position = found + len(piece)
    return True
