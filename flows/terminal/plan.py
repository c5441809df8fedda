"""The stages that a run will have, for the rows of a view that wait."""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.registry import REMOTE_KINDS, VECTOR_KINDS
from flows.forecasting.stored import stored_measures
from flows.settings import ClassifierSettings, Settings
from tasks.stage_events import StageName

PUBLISHING = (StageName("publish"), StageName("rank"), StageName("report"))


def plan_night(settings: Settings) -> list[StageName]:
    """The stages of the flow `nightly`, in its order."""
    scrapes = [StageName("scrape", source.name) for source in settings.sources]
    return [
        *scrapes,
        StageName("read_comments"),
        StageName("find_topics"),
        StageName("fetch"),
        *plan_lanes(settings.classifiers),
        PUBLISHING[0],
        *([StageName("forecast")] if stored_measures(settings) else []),
        *PUBLISHING[1:],
    ]


def plan_lanes(lanes: Sequence[ClassifierSettings]) -> list[StageName]:
    """The lanes of classifiers: the local ones, then those of vectors, then those of servers."""
    local = [lane for lane in lanes if lane.kind not in REMOTE_KINDS]
    ordered = sorted(local, key=lambda lane: lane.kind in VECTOR_KINDS)
    tags = [StageName("tag", lane.name) for lane in lanes if lane.kind in REMOTE_KINDS]
    return [*(StageName("classify", lane.name) for lane in ordered), *tags]
