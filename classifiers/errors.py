"""What can go wrong in a classifier, named by the reaction it wants.

ClassifierError
├── ClassifierUnavailable     stop this lane, say why and what to do; the other lanes go on
└── UnreadablePicture   skip this picture, keep a row that says why
    └── PictureTooLarge     the same: the service takes no picture of that size
"""


class ClassifierError(Exception):
    """Base of all errors that the classifiers raise on purpose; its text is meant for a person."""


class ClassifierUnavailable(ClassifierError):
    """The classifier can't run here now: no weights, no key, a file that does not fit, a service that is down."""


class UnreadablePicture(ClassifierError):
    """The picture can't be decoded; trying again with the same bytes can't help."""


class PictureTooLarge(UnreadablePicture):
    """The picture is larger than a service takes, and the settings do not allow to make it smaller."""
