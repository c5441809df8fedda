"""Class names: a text file with one name per line, in the order of a model's outputs."""

from __future__ import annotations

from pathlib import Path

from classifiers.errors import LaneUnavailable

BACKGROUND = "background"


def read_names(file: Path) -> list[str]:
    """The names in a file; underscores become blanks. Raises `LaneUnavailable` when it can't be read."""
    try:
        lines = file.read_text("utf-8-sig").splitlines()  # Windows' editors put a mark before the text
    except (OSError, UnicodeDecodeError) as error:
        raise LaneUnavailable(
            f"The class names {file} can't be read ({error}). Set labels to a text file with one name per line."
        ) from error
    while lines and not lines[-1].strip():
        lines.pop()
    return [plain_name(line) for line in lines]


def names_for(file: Path, outputs: int) -> list[str]:
    """Names for a model with that many outputs.

    A list that begins with 'background' also fits a model without that class. Raises `LaneUnavailable`
    when the numbers differ.
    """
    names = read_names(file)
    if len(names) == outputs + 1 and names[0].lower() == BACKGROUND:
        names = names[1:]
    if len(names) != outputs:
        raise LaneUnavailable(
            f"The class names {file} are {len(names)}, but the model has {outputs} outputs. Set labels to the"
            " file that belongs to the model, one name per line."
        )
    return names


def plain_name(text: str) -> str:
    """A class name as a person writes it: 'Egyptian_cat' becomes 'Egyptian cat'."""
    return " ".join(text.replace("_", " ").split())
