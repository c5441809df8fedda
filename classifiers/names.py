"""Class names: a file with a name for each of a model's outputs, in their order; name_files.py reads its form."""

from __future__ import annotations

from pathlib import Path

from classifiers.errors import ClassifierUnavailable
from classifiers.name_files import UnclearNames, names_in

BACKGROUND = frozenset({"background", "dummy"})
"""What lists call a class before the first, which many models do not have."""


def read_names(file: Path) -> list[str]:
    """The names in a file; underscores become blanks, and the numbers of lines are left out.

    Raises `ClassifierUnavailable` when it can't be read, or does not say which output a name belongs to.
    """
    try:
        text = file.read_text("utf-8-sig")  # Windows' editors put a mark before the text
    except (OSError, UnicodeDecodeError) as error:
        raise ClassifierUnavailable(
            f"The class names {file} can't be read ({error}). Set labels to a text file with one name per line."
        ) from error
    try:
        return [plain_name(name) for name in names_in(text)]
    except UnclearNames as error:
        raise ClassifierUnavailable(
            f"The class names {file} can't be told apart: {error}. Set labels to a text file with one name per"
            " line, in the order of the model's outputs."
        ) from error


def names_for(file: Path, outputs: int) -> list[str]:
    """Names for a model with that many outputs.

    A list that begins with 'background' also fits a model without that class. Raises `ClassifierUnavailable`
    when the numbers differ.
    """
    names = read_names(file)
    if len(names) == outputs + 1 and names[0].lower() in BACKGROUND:
        names = names[1:]
    if len(names) != outputs:
        raise ClassifierUnavailable(
            f"The class names {file} are {len(names)}, but the model has {outputs} outputs. Set labels to the"
            " file that belongs to the model, one name per line."
        )
    return names


def plain_name(text: str) -> str:
    """A class name as a person writes it: 'Egyptian_cat' becomes 'Egyptian cat'."""
    return " ".join(text.replace("_", " ").split())
