"""The lane from its beginning to its end: what was left, what was bought already, what waits."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from classifiers.clarifai.client import Client, open_client
from classifiers.clarifai.options import ClarifaiOptions
from tasks.tag.lane import Lane, lane_of, models_of
from tasks.tag.plan import Tally
from tasks.tag.response_store import close_books
from tasks.tag.sending import Sender
from warehouse.charges import (
    adopt,
    count_to_send,
    lanes_with_labels,
    newest_version,
    unlabelled_since_answered,
)
from warehouse.home import Home
from warehouse.runs import StageResult

logger = logging.getLogger(__name__)

PURSE_SECONDS = 6 * 3600.0

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Tagging:
    """A classifier of the stage tag as the settings have it.

    `key` gives the key when it is needed, and is called in no other place: the key itself stands in no
    task's parameters. `base` comes before the one of the options.
    """

    name: str
    options: ClarifaiOptions
    key: Callable[[], str | None]
    base: str | None = None

    def open_client(self) -> Client:
        """A client. Raises `ClassifierUnavailable` without a usable key or base."""
        return open_client(self.name, self.options, self.base, self.key())


def tag_pictures(home: Home, tagging: Tagging, progress: Progress) -> StageResult:
    """Send what waits, within the budgets; `progress` hears done and total, in pictures sent to a model.

    Raises `ClassifierUnavailable` when the lane can't begin.
    """
    with home.purse_held(PURSE_SECONDS):
        _store_left(home)
        lane = _lane(home, tagging)
        _adopt_bought(home, lane)
        total = sum(count_to_send(home.lake, lane.name, lane.version, lane.models))
        tally, missing = Tally(), 0
        if total:
            tally, missing = _send(home, lane, tagging, lambda done: progress(done, total))
        home.lake.append(
            unlabelled_since_answered(home.lake, lane.name, lane.version, lane.models, datetime.now(UTC))
        )
        waiting = sum(count_to_send(home.lake, lane.name, lane.version, lane.models))
    return _ended(lane, tally, missing, waiting)


def known_lane(home: Home, name: str, options: ClarifaiOptions) -> Lane:
    """The lane as far as it is known without asking anyone: a version that the settings leave open is the last one."""
    return lane_of(name, options, lambda model_id: newest_version(home.lake, model_id) or "")


def probed(tagging: Tagging) -> list[str]:
    """The lane's models with the versions that will be asked, after Clarifai has said that it has them.

    Raises `ClassifierUnavailable` when the key, a model or the server is not as the settings say. Costs nothing.
    """
    options = tagging.options
    client = tagging.open_client()
    try:
        asked = [model_id for model_id in (options.model, options.regions_model) if model_id]
        return [f"{one}@{client.current_version(one, options.version_of(one))}" for one in asked]
    finally:
        client.close()


def paid_options(options: object) -> ClarifaiOptions | None:
    """A classifier's options where it costs money and so is run by this stage; None where it is not."""
    return options if isinstance(options, ClarifaiOptions) else None


def _store_left(home: Home) -> None:
    if unknown := close_books(home):
        logger.warning(
            "%d pictures were sent by a run that was cut off, and no answer came: they count as spent",
            unknown,
        )


def _lane(home: Home, tagging: Tagging) -> Lane:
    """The lane, with versions that the settings leave open asked from Clarifai, which costs nothing."""

    def ask(model_id: str) -> str:
        client = tagging.open_client()
        try:
            return client.current_version(model_id)
        finally:
            client.close()

    return lane_of(tagging.name, tagging.options, ask)


def _adopt_bought(home: Home, lane: Lane) -> None:
    """Take over labels that another classifier, or this one beside other models, has bought already."""
    mine = (lane.name, lane.version)
    for other in lanes_with_labels(home.lake):
        for model in set(models_of(other[1])) & set(lane.models):
            if other != mine and (copied := adopt(home.lake, other, mine, regions=model.regions)):
                logger.info(
                    "%s: took over %d labels of %s that were paid for", lane.name, copied, model.model_id
                )


def _send(home: Home, lane: Lane, tagging: Tagging, tell: Callable[[int], None]) -> tuple[Tally, int]:
    client = tagging.open_client()
    try:
        sender = Sender(home, lane, client, tell)
        return sender.run(), sender.batches.missing
    finally:
        client.close()


def _ended(lane: Lane, tally: Tally, missing: int, waiting: int) -> StageResult:
    told = [tally.stopped, tally.postponed]
    if tally.refused:
        told.append(f"{tally.refused:,} pictures were refused; the table charges says why.")
    if tally.lost:
        told.append(
            f"{tally.lost:,} pictures got no answer and are tried again in the next run ({tally.lost_why})."
        )
    if missing:
        told.append(f"{missing:,} picture files are missing or damaged; put them back.")
    if waiting and (tally.stopped or tally.postponed):
        told.append(f"{waiting:,} pictures wait.")
    status = "failed" if tally.stopped else "incomplete" if waiting else "done"
    failures = tally.refused + tally.lost + missing
    return StageResult(status, tally.answered, failures, " ".join(filter(None, told)), lane.version)
