"""The ledger: rows in `charges` before a request and after it, and the labels that an answer brought."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime

from classifiers.clarifai.responses import Asked, Outcome
from classifiers.clarifai.statuses import Reaction
from tasks.labels import label_row
from tasks.tag.lane import Lane
from warehouse.charges import Model
from warehouse.disk_space import need_room
from warehouse.home import Home
from warehouse.tables import Charge

NOT_SENT = "not_sent"

_REASONS = {
    Reaction.KEEP: None,
    Reaction.WAIT: "try_later",
    Reaction.AGAIN: "no_answer",
    Reaction.SPLIT: "split",
    Reaction.PICTURE: "picture_failed",
    Reaction.STOP: "stopped",
}


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """What must be known of a request to store its answer, also after its process was killed."""

    request_id: str
    classifier: str
    version: str
    model: Model
    sha256s: tuple[str, ...]
    asked: Asked
    sent_at: datetime
    price: float | None

    def as_json(self) -> dict[str, object]:
        """As plain values."""
        return asdict(self) | {"sent_at": self.sent_at.isoformat()}


def slip_from_json(values: dict[str, object]) -> RequestRecord:
    """A slip from its plain values. Raises `KeyError`, `TypeError` or `ValueError` where they are none."""
    given = dict(values)
    model, asked = given.pop("model"), given.pop("asked")
    assert isinstance(model, dict)
    assert isinstance(asked, dict)
    turns = tuple(int(turn) for turn in asked.pop("orientations"))
    given["sha256s"] = tuple(given["sha256s"])  # type: ignore[arg-type]
    given["sent_at"] = datetime.fromisoformat(str(given["sent_at"]))
    return RequestRecord(model=Model(**model), asked=Asked(orientations=turns, **asked), **given)  # type: ignore[arg-type]


def new_slip(lane: Lane, model: Model, sha256s: Sequence[str], orientations: Sequence[int]) -> RequestRecord:
    """A slip for a request that is about to be sent."""
    return RequestRecord(
        request_id=secrets.token_hex(12),
        classifier=lane.name,
        version=lane.version,
        model=model,
        sha256s=tuple(sha256s),
        asked=Asked(model.regions, lane.options.top, tuple(orientations)),
        sent_at=datetime.now(UTC),
        price=lane.price,
    )


class Ledger:
    """Writes what is sent and how it ended. The caller holds the purse."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def write(
        self, upcoming: Sequence[RequestRecord], ended: Sequence[tuple[RequestRecord, Sequence[Outcome]]] = ()
    ) -> None:
        """Write labels, then how each picture's request ended, and which requests are about to be sent.

        In this order, so that what is billed has its labels; the last two in one commit. Writing the same
        again changes nothing. Raises `DiskFull`.
        """
        need_room(self._home.folder)
        now = datetime.now(UTC)
        self._home.lake.append(
            [
                label_row(sha256, slip.classifier, slip.version, label, now)
                for slip, verdicts in ended
                for sha256, verdict in zip(slip.sha256s, verdicts, strict=True)
                for label in verdict.labels
            ]
        )
        rows = [row for slip in upcoming for row in _rows(slip)]
        if not ended:
            self._home.lake.append(rows)
            return
        settled = [
            _ended(row, verdict, now)
            for slip, verdicts in ended
            for row, verdict in zip(_rows(slip), verdicts, strict=True)
        ]
        self._home.lake.upsert(settled + rows)

    def withdraw(self, slips: Sequence[RequestRecord]) -> None:
        """Write that these requests were never sent."""
        now = datetime.now(UTC)
        rows = [row for slip in slips for row in _rows(slip)]
        self._home.lake.upsert(
            [replace(row, outcome="not_billed", reason=NOT_SENT, ended_at=now) for row in rows]
        )


def outcome(verdict: Outcome) -> str:
    """Whether a picture was paid for: `billed`, `not_billed` or `unknown`."""
    if verdict.status.reaction is Reaction.KEEP:
        return "billed"
    perhaps = verdict.status.reaction is Reaction.AGAIN and not verdict.status.unsent
    return "unknown" if perhaps else "not_billed"


def _rows(slip: RequestRecord) -> list[Charge]:
    return [
        Charge(
            request_id=slip.request_id,
            position=position,
            sha256=sha256,
            classifier=slip.classifier,
            model=slip.model.model_id,
            model_version=slip.model.version,
            sent_at=slip.sent_at,
            ended_at=None,
            outcome="sent",
            reason=None,
            message=None,
            price=slip.price,
        )
        for position, sha256 in enumerate(slip.sha256s)
    ]


def _ended(row: Charge, verdict: Outcome, now: datetime) -> Charge:
    status = verdict.status
    good = status.reaction is Reaction.KEEP
    reason = NOT_SENT if status.unsent else _REASONS[status.reaction]
    return replace(
        row, ended_at=now, outcome=outcome(verdict), reason=reason, message=None if good else str(status)
    )
