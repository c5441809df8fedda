"""LiteRT copies of Keras classifiers in a home folder: lanes label faster with them, and forecasts start sooner.

A copy can be deleted at any time. Where none can be used, Keras labels.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from filelock import FileLock, Timeout

from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.classifier import CopyModel, LitertCopy
from classifiers.litert_copy.files import write_copy
from classifiers.litert_copy.identity import identify
from classifiers.litert_copy.making import make_copy
from warehouse.disk_space import require_free_space
from warehouse.home import Home

CHECKED_PICTURES = 32
"""Stored pictures that a new copy must label as its model does."""


@contextmanager
def making_copies(home: Home) -> Iterator[bool]:
    """Whether this process may make copies meanwhile; not while another one does."""
    home.litert_copies.mkdir(parents=True, exist_ok=True)
    lock = FileLock(home.litert_copies / ".lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def make_stored_copy(
    home: Home,
    classifier: str,
    options: KerasOptions,
    version: str | None,
    check: Callable[[LitertCopy], str],
    raise_if_halted: Callable[[], None] = lambda: None,
) -> str:
    """Make the copy of a classifier, and store it; returns why it can't be used, empty if it can.

    `version` is the one that it must have, if it is known. `check` gets the copy, and returns why it must not be used.
    `raise_if_halted` is called about once a second, and may raise to stop. Raises `ClassifierUnavailable` if the model
    can't be loaded, `DiskFull` and `OSError`.
    """
    require_free_space(home.folder)
    description, content = make_copy(options, version, raise_if_halted)
    if content and (problem := check(LitertCopy(classifier, options, description, CopyModel(content)))):
        description, content = replace(description, problem=problem), b""
    description = replace(description, classifier=classifier)
    write_copy(home.litert_copies, identify(options), description, content or None)
    return description.problem
