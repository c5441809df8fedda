"""The classifiers whose labels a forecast uses: those of the settings that send no picture to a server."""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.registry import REMOTE_KINDS
from flows.settings import Settings
from tasks.forecast.labelling import Lane
from tasks.forecast.training import ForecastOptions


def local_lanes(settings: Settings) -> list[Lane]:
    """All classifiers of the settings that run on this machine: the named ones may need others as backbones."""
    return [
        Lane(lane.name, lane.kind, lane.options)
        for lane in settings.classifiers
        if lane.kind not in REMOTE_KINDS
    ]


def forecast_options(settings: Settings) -> ForecastOptions:
    """How the models are trained: on labels that a picture can get before it is posted, and without a charge."""
    names: Sequence[str] | None = settings.forecast.classifiers
    if names is None:
        names = [lane.name for lane in local_lanes(settings)]
    return ForecastOptions(time_zone=settings.rank.time_zone, classifiers=tuple(names))
