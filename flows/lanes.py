"""A classifier's lane: the stage that runs it, and what that stage needs beside the settings."""

from __future__ import annotations

from functools import partial

from classifiers.clarifai.options import KEY
from flows.environment import clarifai_base
from flows.secrets import secret
from flows.settings import ClassifierSettings
from tasks.classify.task import classify
from tasks.stage import Night
from tasks.tag.tagging import Tagging, paid_options
from tasks.tag.task import tag


def run_lane(night: Night, lane: ClassifierSettings) -> None:
    """Run one classifier over the pictures that wait for it. Its end is a row in the journal."""
    if (tagging := as_tagging(lane)) is not None:
        tag(night, tagging, return_state=True)
    else:
        classify(night, lane.name, lane.kind, lane.options, return_state=True)


def as_tagging(lane: ClassifierSettings) -> Tagging | None:
    """The lane as the stage tag runs it; None for one that costs nothing."""
    options = paid_options(lane.options)
    if options is None:
        return None
    return Tagging(lane.name, options, partial(secret, KEY), clarifai_base())
