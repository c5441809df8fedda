"""Errors of a picture's file that a user has named, in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from classifiers.errors import UnreadablePicture
from tasks.errors import BadInput


@contextmanager
def errors_as_bad_input(file: Path) -> Iterator[None]:
    """Raise `BadInput` for a file that is no picture, or that can't be opened."""
    try:
        yield
    except UnreadablePicture as error:
        raise BadInput(f"The file {file} can't be read as a picture ({error}). Name another file.") from error
    except OSError as error:
        raise BadInput(f"The file {file} can't be opened ({error.strerror}). Name another file.") from error
