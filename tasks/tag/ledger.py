"""The ledger: rows in `charges` before a request and after it, and the labels of its response."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from pydantic import TypeAdapter

from classifiers.remote.outcomes import ExpectedOutput, Outcome, Reaction
from tasks.labels import LabelledPicture, append_labels, caption_row
from tasks.tag.lane import Lane
from warehouse.disk_space import require_free_space
from warehouse.home import Home
from warehouse.records.charges import Model
from warehouse.schema.run_tables import Charge

NOT_SENT = "not_sent"

_REASONS = {
    Reaction.KEEP: None,
    Reaction.WAIT: "try_later",
    Reaction.AGAIN: "no_answer",
    Reaction.UNUSABLE: "unusable",
    Reaction.SPLIT: "split",
    Reaction.PICTURE: "picture_failed",
    Reaction.STOP: "stopped",
}


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What the next run needs to store the response to a request after its process was killed."""

    request_id: str
    classifier: str
    version: str
    model: Model
    sha256s: tuple[str, ...]
    asked: ExpectedOutput
    sent_at: datetime
    price: float | None
    service: str = "clarifai"

    def as_json(self) -> dict[str, object]:
        """Values that JSON can hold."""
        return asdict(self) | {"sent_at": self.sent_at.isoformat()}


_RECORDS = TypeAdapter(RequestRecord)


def record_from_json(values: object) -> RequestRecord:
    """A record from JSON values. Raises `ValueError` if they don't fit."""
    return _RECORDS.validate_python(values)


def new_record(
    lane: Lane, model: Model, sha256s: Sequence[str], orientations: Sequence[int]
) -> RequestRecord:
    """A record of a request that is about to be sent."""
    return RequestRecord(
        request_id=secrets.token_hex(12),
        classifier=lane.name,
        version=lane.version,
        model=model,
        sha256s=tuple(sha256s),
        asked=lane.service.expect(model, lane.options, orientations),
        sent_at=datetime.now(UTC),
        price=lane.price,
        service=lane.service.kind,
    )


class Ledger:
    """Writes which requests are sent and how they ended. The caller holds the lock of the budget."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def write(
        self, upcoming: Sequence[RequestRecord], ended: Sequence[tuple[RequestRecord, Sequence[Outcome]]] = ()
    ) -> None:
        """Write captions and labels, then the outcome of each finished request, and the requests to send next.

        Captions and labels go first, so that what is billed has them; the other two are one commit. A second
        write of the same values changes nothing. Raises `DiskFull`.
        """
        require_free_space(self._home.folder)
        now = datetime.now(UTC)
        self._home.lake.append(
            [
                caption_row(sha256, record.classifier, record.version, outcome.sentence, now)
                for record, outcomes in ended
                for sha256, outcome in zip(record.sha256s, outcomes, strict=True)
                if outcome.sentence is not None
            ]
        )
        labelled = [
            LabelledPicture(sha256, record.classifier, record.version, outcome.labels, now)
            for record, outcomes in ended
            for sha256, outcome in zip(record.sha256s, outcomes, strict=True)
        ]
        append_labels(self._home.lake, labelled)
        rows = [row for record in upcoming for row in _rows(record)]
        if not ended:
            self._home.lake.append(rows)
            return
        finished = [
            _finish(row, outcome, now)
            for record, outcomes in ended
            for row, outcome in zip(_rows(record), outcomes, strict=True)
        ]
        self._home.lake.upsert(finished + rows)

    def withdraw(self, records: Sequence[RequestRecord]) -> None:
        """Write that these requests were never sent."""
        now = datetime.now(UTC)
        rows = [row for record in records for row in _rows(record)]
        self._home.lake.upsert(
            [replace(row, outcome="not_billed", reason=NOT_SENT, ended_at=now) for row in rows]
        )


def billing_outcome(outcome: Outcome) -> str:
    """Whether a picture was paid for: `billed`, `not_billed` or `unknown`."""
    status = outcome.status
    if status.billed or status.reaction in (Reaction.KEEP, Reaction.UNUSABLE):
        return "billed"
    maybe_billed = status.reaction is Reaction.AGAIN and not status.unsent
    return "unknown" if maybe_billed else "not_billed"


def _rows(record: RequestRecord) -> list[Charge]:
    return [
        Charge(
            request_id=record.request_id,
            position=position,
            sha256=sha256,
            classifier=record.classifier,
            model=record.model.model_id,
            model_version=record.model.version,
            sent_at=record.sent_at,
            ended_at=None,
            outcome="sent",
            reason=None,
            message=None,
            price=record.price,
        )
        for position, sha256 in enumerate(record.sha256s)
    ]


def _finish(row: Charge, outcome: Outcome, now: datetime) -> Charge:
    status = outcome.status
    is_labelled = status.reaction is Reaction.KEEP
    reason = NOT_SENT if status.unsent else _REASONS[status.reaction]
    return replace(
        row,
        ended_at=now,
        outcome=billing_outcome(outcome),
        reason=reason,
        message=None if is_labelled else str(status),
    )
