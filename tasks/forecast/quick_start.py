"""LiteRT copies of the Keras classifiers whose labels the models know: a forecast of one picture starts without TensorFlow.

A copy is checked against what the lane has stored before it is used: it must give stored pictures their stored labels.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import duckdb

from classifiers.errors import ClassifierUnavailable, UnreadablePicture
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.agreement import agree, tolerance_of
from classifiers.litert_copy.classifier import LitertCopy
from classifiers.litert_copy.files import read_copy, read_description, remove_others
from classifiers.litert_copy.identity import identify
from classifiers.pictures import PictureFile
from classifiers.protocol import Label
from classifiers.registry import VECTOR_KINDS
from tasks.forecast.labelling import Lane
from tasks.forecast_model import ForecastInfo
from tasks.litert_copies import CHECKED_PICTURES, make_stored_copy, making_copies
from warehouse.errors import DiskFull
from warehouse.forecast.stored_labels import labelled_pictures
from warehouse.home import Home

logger = logging.getLogger(__name__)


def log_begin(classifier: str) -> None:
    """Log that a copy is made, which takes a while."""
    logger.info("%s: a LiteRT copy is made for forecasts of one picture", classifier)


def make_copies(
    home: Home,
    database: duckdb.DuckDBPyConnection,
    lanes: Sequence[Lane],
    models: Sequence[ForecastInfo],
    *,
    retry: bool = False,
    begin: Callable[[str], None] = log_begin,
) -> list[str]:
    """Make the missing copies of the Keras classifiers that the stored models know, and of backbones.

    Copies of no classifier in `lanes` and of no version that the models know are removed.

    Of two `models` with different versions of a classifier the last one counts. A copy that failed its check is tried
    again only with `retry`. `begin` gets the name of a classifier whose copy is made now. Returns a sentence for each
    classifier that has none; the models do not depend on it. `database` is an open published database. While another
    process makes copies, nothing is done.
    """
    folder = home.litert_copies
    versions = {name: version for model in models for name, version in model.classifiers.items()}
    needed = list(_needed(lanes, versions))
    if not needed and not folder.exists():
        return []
    with making_copies(home) as is_free:
        if not is_free:
            return []
        makers = [_CopyMaker(home, database, *one, versions.get(one[0]), retry, begin) for one in needed]
        notes = [note for maker in makers if (note := maker.make_if_missing())]
        remove_others(folder, set(_names(lanes)), {v for m in models for v in m.classifiers.values()})
    return notes


def _names(lanes: Sequence[Lane]) -> Iterator[str]:
    """The names of the copies that the lanes may use."""
    for lane in lanes:
        if isinstance(lane.options, KerasOptions):
            with suppress(OSError):  # a file of it is missing, which its lane reports
                yield identify(lane.options)


def _needed(lanes: Sequence[Lane], versions: Mapping[str, str]) -> Iterator[tuple[str, KerasOptions]]:
    labels_vectors = any(lane.name in versions and lane.kind in VECTOR_KINDS for lane in lanes)
    for lane in lanes:
        if isinstance(lane.options, KerasOptions) and (
            lane.name in versions or (labels_vectors and lane.options.embeddings)
        ):
            yield lane.name, lane.options


@dataclass(slots=True)
class _CopyMaker:
    """Makes the copy of one classifier; `name` is that of the copy, empty until it is known."""

    home: Home
    database: duckdb.DuckDBPyConnection
    classifier: str
    options: KerasOptions
    version: str | None
    retry: bool
    begin: Callable[[str], None]
    name: str = ""

    def make_if_missing(self) -> str:
        """A sentence that says why there is no copy; empty if there is one now."""
        try:
            self.name = identify(self.options)
            problem = self._stored_problem()
            if problem is None:
                problem = self._make()
        except (ClassifierUnavailable, DiskFull, OSError) as error:
            problem = str(error)
        if not problem:
            return ""
        reason = problem.rstrip(".")
        return f"A forecast of one picture starts TensorFlow, because {self.classifier} has no LiteRT copy ({reason})."

    def _stored_problem(self) -> str | None:
        """Why there is no copy, empty if there is one; None if it is to be made."""
        found = read_description(self.home.litert_copies, self.name)
        if found is None or self.version not in (None, found.version):
            return None
        if found.problem:
            return None if self.retry else found.problem
        return "" if read_copy(self.home.litert_copies, self.name) is not None else None

    def _make(self) -> str:
        self.begin(self.classifier)
        return make_stored_copy(self.home, self.classifier, self.options, self.version, self._compare)

    def _compare(self, copy: LitertCopy) -> str:
        """How the copy's labels of stored pictures differ from the stored ones; empty if they do not."""
        tolerance = tolerance_of(copy.version)
        compared = differing = 0
        for path, labels in labelled_pictures(self.database, self.classifier, copy.version, CHECKED_PICTURES):
            try:
                picture = copy.prepare(PictureFile(self.home.picture_files.source(path)))
            except (UnreadablePicture, OSError):
                continue  # its file is missing or damaged, which the lane reports
            stored = [Label(label, score, rank) for rank, (label, score) in enumerate(labels, 1)]
            [found] = copy.label([picture])
            compared += 1
            differing += not agree(stored, found, self.options.top, self.options.min_score, tolerance)
        logger.info(
            "%s: its LiteRT copy was compared with the labels of %d pictures", self.classifier, compared
        )
        return f"it gives {differing} of {compared} stored pictures other labels" if differing else ""
