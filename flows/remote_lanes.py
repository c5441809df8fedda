"""The lanes of classifiers that send pictures to a server, as the stage tag runs them. Prefect is not imported here."""

from __future__ import annotations

from functools import partial

from flows.environment import clarifai_base
from flows.secrets import secret
from flows.settings import ClassifierSettings
from tasks.tag.services import service_of
from tasks.tag.stage import Tagging, remote_options


def remote_lane(lane: ClassifierSettings) -> Tagging | None:
    """Return the lane as the stage `tag` runs it; None for a classifier that sends no picture away."""
    options = remote_options(lane.options)
    if options is None:
        return None
    key = service_of(options).secret_name(options)
    return Tagging(lane.name, options, partial(secret, key) if key else _no_secret, clarifai_base())


def _no_secret() -> None:
    """The key of a server that needs none."""
