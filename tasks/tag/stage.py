"""The lane from start to end: finish a killed run, take over purchased labels, send what is pending."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime

from classifiers.caption.options import CaptionOptions
from classifiers.clarifai.options import ClarifaiOptions
from classifiers.remote.client import Client
from classifiers.remote.options import RemoteOptions
from tasks.labels import describe_copies
from tasks.tag.lane import Lane, make_lane, parse_models
from tasks.tag.plan import Tally
from tasks.tag.response_store import finish_killed_run
from tasks.tag.sending import Sender
from tasks.tag.services import Service, service_of
from warehouse.home import Home
from warehouse.records.captions import copy_captions
from warehouse.records.charges import (
    copy_labels,
    count_to_send,
    find_unlabelled,
    lanes_with_labels,
)
from warehouse.records.runs import StageResult

logger = logging.getLogger(__name__)

BUDGET_LOCK_SECONDS = 6 * 3600.0

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Tagging:
    """A classifier of the stage tag as the settings describe it.

    `key` returns the key. Only `open_client` calls it, so that no task parameter holds the key itself. `base`
    overrides the one of the options.
    """

    name: str
    options: RemoteOptions
    key: Callable[[], str | None]
    base: str | None = None

    @property
    def service(self) -> Service:
        """Where its pictures go."""
        return service_of(self.options)

    def open_client(self) -> Client:
        """A client. Raises `ClassifierUnavailable` without a usable key or base."""
        return self.service.open_client(self.name, self.options, self.base, self.key())


def tag_pictures(home: Home, tagging: Tagging, progress: Progress) -> StageResult:
    """Send what is pending, within the budgets. `progress` gets done and total, in pictures sent to a model.

    Raises `ClassifierUnavailable` when the lane can't start.
    """
    with home.lock_budget(BUDGET_LOCK_SECONDS):
        if unknown := finish_killed_run(home):
            logger.warning(
                "A killed run sent %d pictures and stored no response for them; they count as spent", unknown
            )
        lane = _current_lane(home, tagging)
        _adopt_purchased_labels(home, lane)
        total = sum(count_to_send(home.lake, lane.name, lane.version, lane.models))
        tally, missing, copies = Tally(), 0, 0
        if total:
            tally, missing, copies = _send(home, lane, tagging, lambda done: progress(done, total))
        home.lake.append(find_unlabelled(home.lake, lane.name, lane.version, lane.models, datetime.now(UTC)))
        pending = sum(count_to_send(home.lake, lane.name, lane.version, lane.models))
    return _result(lane, tally, missing, copies, pending)


def local_lane(home: Home, name: str, options: RemoteOptions) -> Lane:
    """The lane without any request: where the settings have no version, it is the newest one in the ledger."""
    service = service_of(options)
    return make_lane(name, options, lambda one: service.known_version(home.lake, name, options, one))


def probe_models(tagging: Tagging) -> list[str]:
    """The lane's models with their versions, after the service confirmed that it has them. This costs nothing.

    Raises `ClassifierUnavailable` when the key, a model or the server does not match the settings.
    """
    with closing(tagging.open_client()) as client:
        lane = make_lane(tagging.name, tagging.options, client.current_version)
        for model_id, version in tagging.service.probes(tagging.options):
            client.current_version(model_id, version)
        return [f"{one.model_id}@{one.version}" for one in lane.models]


def remote_options(options: object) -> RemoteOptions | None:
    """The options of a classifier that sends pictures to a server, which this stage runs; None for any other."""
    return options if isinstance(options, ClarifaiOptions | CaptionOptions) else None


def _current_lane(home: Home, tagging: Tagging) -> Lane:
    """The lane. Where the settings have no version, the service returns the current one, which costs nothing."""
    if tagging.service.trusts_ledger:
        local = local_lane(home, tagging.name, tagging.options)
        if not sum(count_to_send(home.lake, local.name, local.version, local.models)):
            return local

    def current_version(model_id: str) -> str:
        with closing(tagging.open_client()) as client:
            return client.current_version(model_id)

    return make_lane(tagging.name, tagging.options, current_version)


def _adopt_purchased_labels(home: Home, lane: Lane) -> None:
    """Copy labels that another classifier, or this one with other models, has already paid for."""
    own = (lane.name, lane.version)
    for other in lanes_with_labels(home.lake):
        for model in set(parse_models(other[1])) & set(lane.models):
            if other == own:
                continue
            # Not only where labels are copied: a picture may have a caption and no label, or a run may have been
            # killed between the two.
            copy_captions(home.lake, other, own)
            if copied := copy_labels(home.lake, other, own, regions=model.regions):
                logger.info("%s: copied %d paid labels of %s", lane.name, copied, model.model_id)


def _send(
    home: Home, lane: Lane, tagging: Tagging, progress: Callable[[int], None]
) -> tuple[Tally, int, int]:
    with closing(tagging.open_client()) as client:
        sender = Sender(home, lane, client, progress)
        return sender.run(), sender.batches.missing, sender.batches.copies


def _result(lane: Lane, tally: Tally, missing: int, copies: int, pending: int) -> StageResult:
    sentences = [tally.failure, tally.postponement]
    if tally.refused:
        sentences.append(f"{tally.refused:,} pictures were refused; the table charges has the reasons.")
    if tally.unusable:
        sentences.append(
            f"{tally.unusable:,} pictures got no usable response; the table unlabelled has the reasons."
        )
    if tally.lost:
        sentences.append(
            f"{tally.lost:,} pictures got no response; the next run sends them again ({tally.loss_reason})."
        )
    if copies:
        sentences.append(describe_copies(copies))
    if missing:
        sentences.append(f"{missing:,} picture files are missing or damaged; put them back and run again.")
    if pending and (tally.failure or tally.postponement):
        sentences.append(f"{pending:,} pictures are pending.")
    status = "failed" if tally.failure else "incomplete" if pending else "done"
    failures = tally.refused + tally.unusable + tally.lost + missing
    return StageResult(status, tally.labelled, failures, " ".join(filter(None, sentences)), lane.version)
