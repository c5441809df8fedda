"""Exceptions of the classifiers, named by the reaction to them.

ClassifierError
├── ClassifierUnavailable   stop this lane and report why; the other lanes continue
└── UnreadablePicture       skip this picture and store a row with the reason
    └── PictureTooLarge     the same: the service does not accept a picture of that size
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

logger = logging.getLogger(__name__)

_FILE_OBJECT = re.compile(r" <_io\.[^>]*>")


class ClassifierError(Exception):
    """Base of all exceptions that the classifiers raise; the user reads its text."""


class ClassifierUnavailable(ClassifierError):
    """The classifier can't run: weights or key are missing, a file does not fit, or a service is down."""


class UnreadablePicture(ClassifierError):
    """The picture can't be decoded; a retry with the same bytes can't help."""


class PictureTooLarge(UnreadablePicture):
    """The picture is larger than the service accepts, and the settings do not allow to downscale it."""


def in_one_line(error: Exception) -> str:
    """A library's error message, fit for one line of ours, without file objects that it names by their address."""
    return " ".join(_FILE_OBJECT.sub("", str(error)).split())[:300]


@contextmanager
def errors_as_unavailable(problem: str, advice: str) -> Iterator[None]:
    """Raise `ClassifierUnavailable` with the problem and the advice for an error of a classifier's library."""
    try:
        yield
    except ClassifierUnavailable:
        raise
    except Exception as error:  # each library has its own, for a lack of memory, for example
        logger.debug("%s", problem, exc_info=True)
        raise ClassifierUnavailable(
            f"{problem} ({type(error).__name__}: {in_one_line(error)}). {advice}"
        ) from error


def embedding_errors(classifier: str) -> AbstractContextManager[None]:
    """The same for embedding pictures that no lane labels."""
    return errors_as_unavailable(f"{classifier} can't embed pictures", "Check its model and the free memory.")
