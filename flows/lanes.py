"""The classifiers' lanes: the stage that runs each, and which run at the same time."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from classifiers.clarifai.options import KEY
from flows.environment import clarifai_base
from flows.futures import TASKS_AT_ONCE, wait_for
from flows.secrets import secret
from flows.settings import ClassifierSettings
from tasks.classify.decoding import Decoding
from tasks.classify.task import classify
from tasks.run import Run
from tasks.tag.stage import Tagging, paid_options
from tasks.tag.task import tag


def run_lanes(run: Run, lanes: Sequence[ClassifierSettings]) -> None:
    """Run classifiers over the pictures that wait for them: those on this machine together, then the paid ones.

    The end of each is a row in the journal, and costs the others nothing.
    """
    own = [lane for lane in lanes if as_tagging(lane) is None]
    for start in range(0, len(own), TASKS_AT_ONCE):
        _run_together(run, own[start : start + TASKS_AT_ONCE])
    for lane in lanes:
        if (tagging := as_tagging(lane)) is not None:
            tag(run, tagging, return_state=True)


def _run_together(run: Run, lanes: Sequence[ClassifierSettings]) -> None:
    with Decoding(run.home.folder, [lane.name for lane in lanes]) as decoding:
        futures = [
            classify.submit(run, lane.name, lane.kind, lane.options, decoding, return_state=False)
            for lane in lanes
        ]
        wait_for(futures, decoding.halt)


def as_tagging(lane: ClassifierSettings) -> Tagging | None:
    """The lane as the stage tag runs it; None for one that costs nothing."""
    options = paid_options(lane.options)
    if options is None:
        return None
    return Tagging(lane.name, options, partial(secret, KEY), clarifai_base())
