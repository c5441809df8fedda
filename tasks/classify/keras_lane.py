"""The classifier of a Keras lane: on a CPU its LiteRT copy, where that is faster and gives the same labels."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from itertools import islice

from classifiers.errors import ClassifierUnavailable, UnreadablePicture
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.classifier import LitertCopy
from classifiers.litert_copy.files import remove_older
from classifiers.litert_copy.lane import LaneCopy, describe_difference, open_lane_copy
from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, PreparedPicture
from classifiers.registry import load
from tasks.litert_copies import CHECKED_PICTURES, make_stored_copy, making_copies
from warehouse.errors import DiskFull
from warehouse.home import Home
from warehouse.records.pending import count_pictures

logger = logging.getLogger(__name__)

MIN_PICTURES = 1000
"""Of a home folder whose lanes make copies: for so many, what a copy saves is more than its making takes."""


def load_keras(
    home: Home, name: str, options: KerasOptions, raise_if_halted: Callable[[], None]
) -> Classifier:
    """The lane's classifier: its copy, which is made here if it is missing and the home folder has enough pictures.

    Raises `ClassifierUnavailable` if neither can run, and whatever `raise_if_halted` raises while a copy is made.
    """
    found = open_lane_copy(home.litert_copies, name, options)
    if found.copy is None:
        classifier = load("keras", name, options)
        if not found.can_be_made:
            logger.info("%s: labelled by Keras, without a LiteRT copy: %s", name, found.reason)
            return classifier
        if count_pictures(home.lake) < MIN_PICTURES:
            return classifier
        found = _make(home, name, options, classifier, raise_if_halted)
        if found.copy is None:
            logger.warning("%s: labelled by Keras, without a LiteRT copy: %s", name, found.reason)
            return classifier
        del classifier
        gc.collect()
    logger.info("%s: labelled by its LiteRT copy", name)
    return found.copy


def _make(
    home: Home,
    name: str,
    options: KerasOptions,
    classifier: Classifier,
    raise_if_halted: Callable[[], None],
) -> LaneCopy:
    logger.info("%s: a LiteRT copy is made, so that this run and the next ones label faster", name)

    def check(copy: LitertCopy) -> str:
        pictures = list(islice(_stored_pictures(home, copy), CHECKED_PICTURES))
        return describe_difference(classifier, copy, pictures, options)

    try:
        with making_copies(home) as is_free:
            if not is_free:
                return LaneCopy(reason="another process makes copies now")
            make_stored_copy(home, name, options, classifier.version, check, raise_if_halted)
            remove_older(home.litert_copies, name, classifier.version)
    except (ClassifierUnavailable, DiskFull, OSError) as error:
        return LaneCopy(reason=str(error))
    return open_lane_copy(home.litert_copies, name, options)


def _stored_pictures(home: Home, copy: LitertCopy) -> Iterator[PreparedPicture]:
    # By their hashes, which is no order of what they show.
    rows = home.lake.query(f"select path from pictures order by sha256 limit {4 * CHECKED_PICTURES}")
    for (path,) in rows:
        try:
            yield copy.prepare(PictureFile(home.picture_files.source(str(path))))
        except (UnreadablePicture, OSError):
            continue  # its file is missing or damaged, which the lane reports
