"""Pictures decoded in threads of their own, a bounded way ahead of the model."""

from __future__ import annotations

import hashlib
import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path

from classifiers.cores import cores
from classifiers.errors import UnreadablePicture
from classifiers.protocol import Classifier, Prepared
from warehouse.waiting import StoredPicture

logger = logging.getLogger(__name__)

MOST_DECODERS = 32
BATCHES_AHEAD = 2


class Missing(Exception):
    """The stored file is not there, or is no longer what was stored; put back, it can be labelled."""


Decoded = tuple[StoredPicture, Prepared | UnreadablePicture | Missing]
"""A picture with what the classifier takes, or with why there is none."""


def decoders() -> int:
    """How many threads decode: one a core that this process may use."""
    return max(2, min(MOST_DECODERS, cores()))


def decoded(folder: Path, classifier: Classifier, pictures: Iterator[StoredPicture]) -> Iterator[Decoded]:
    """The pictures in their order, each decoded; `folder` is the home folder.

    At most `BATCHES_AHEAD` batches and a picture a thread are held, so memory does not grow with their number.
    """
    ahead = BATCHES_AHEAD * classifier.batch_size + decoders()
    running: deque[tuple[StoredPicture, Future[Prepared | UnreadablePicture | Missing]]] = deque()
    with ThreadPoolExecutor(decoders(), "decode") as pool:
        try:
            while True:
                for picture in islice(pictures, ahead - len(running)):
                    running.append((picture, pool.submit(_prepared, folder, classifier, picture)))
                if not running:
                    return
                picture, decoding = running.popleft()
                yield picture, decoding.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepared(
    folder: Path, classifier: Classifier, picture: StoredPicture
) -> Prepared | UnreadablePicture | Missing:
    file = folder / picture.path
    try:
        return classifier.prepare(file)
    except UnreadablePicture as error:
        if _is_as_stored(file, picture.sha256):
            return error
        logger.warning("The stored picture %s is damaged: %s", picture.path, error)
    except OSError as error:
        logger.warning("The stored picture %s can't be opened: %s", picture.path, error)
    return Missing(picture.path)


def _is_as_stored(file: Path, sha256: str) -> bool:
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest() == sha256
    except OSError:
        return False
