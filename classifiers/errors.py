"""Exceptions of the classifiers, named by the reaction to them.

ClassifierError
├── ClassifierUnavailable   stop this lane and report why; the other lanes continue
└── UnreadablePicture       skip this picture and store a row with the reason
    └── PictureTooLarge     the same: the service does not accept a picture of that size
"""


class ClassifierError(Exception):
    """Base of all exceptions that the classifiers raise; the user reads its text."""


class ClassifierUnavailable(ClassifierError):
    """The classifier can't run: weights or key are missing, a file does not fit, or a service is down."""


class UnreadablePicture(ClassifierError):
    """The picture can't be decoded; a retry with the same bytes can't help."""


class PictureTooLarge(UnreadablePicture):
    """The picture is larger than the service accepts, and the settings do not allow to downscale it."""


def in_one_line(error: Exception) -> str:
    """A library's error message, fit for one line of ours."""
    return " ".join(str(error).split())[:300]
