"""Text from a page, a model or a file without what could change the terminal."""

from __future__ import annotations


def printable(text: str) -> str:
    """Replace control characters in a text from a page or a model: they could change the terminal."""
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )


def printable_lines(text: str) -> str:
    """The same for a message of several lines."""
    return "\n".join(map(printable, text.expandtabs().split("\n")))
