"""Class names: a file with one name per output of a model, in their order; name_files.py parses it."""

from __future__ import annotations

from pathlib import Path

from classifiers.errors import ClassifierUnavailable
from classifiers.name_files import AmbiguousNames, parse_names

BACKGROUND = frozenset({"background", "dummy"})
"""Names of an extra first class in some lists, which many models do not have."""


def read_names(file: Path) -> list[str]:
    """The names in a file; underscores become spaces, and line numbers are removed.

    Raises `ClassifierUnavailable` if the file can't be read, or it is unclear which output a name belongs to.
    """
    try:
        text = file.read_text("utf-8-sig")  # editors on Windows write a byte order mark
    except (OSError, UnicodeDecodeError) as error:
        raise ClassifierUnavailable(
            f"The class names in {file} can't be read ({error}). Set labels to a text file with one name per line."
        ) from error
    try:
        return [normalise_name(name) for name in parse_names(text)]
    except AmbiguousNames as error:
        raise ClassifierUnavailable(
            f"The class names in {file} can't be assigned to outputs: {error}. Set labels to a text file with one"
            " name per line, in the order of the model's outputs."
        ) from error


def read_names_for(file: Path, outputs: int) -> list[str]:
    """Names for a model with that many outputs.

    A list that begins with 'background' also fits a model without that class. Raises `ClassifierUnavailable` if
    the numbers differ.
    """
    names = read_names(file)
    if len(names) == outputs + 1 and names[0].lower() in BACKGROUND:
        names = names[1:]
    if len(names) != outputs:
        raise ClassifierUnavailable(
            f"{file} has {len(names)} class names, but the model has {outputs} outputs. Set labels to the file"
            " that belongs to the model, with one name per line."
        )
    return names


def normalise_name(text: str) -> str:
    """A class name as people write it: 'Egyptian_cat' becomes 'Egyptian cat'."""
    return " ".join(text.replace("_", " ").split())
