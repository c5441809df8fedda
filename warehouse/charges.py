"""What was sent for money: what waits to be sent, what is spent, and labels that were bought already.

A picture is asked about by model and version, so what one classifier bought serves each other that asks
the same model: under another name, or beside a second model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from warehouse.lake import Lake
from warehouse.tables import Charge, PictureLabel, Unlabelled

MAX_UNANSWERED = 6
"""A picture that was sent so often to one model, each time without an answer, is not sent again."""
ADOPT_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a service in one version, asked about whole pictures or about their regions."""

    model_id: str
    version: str
    regions: bool = False


@dataclass(frozen=True, slots=True)
class WaitingPicture:
    """A stored picture, and which of the models have not answered about it."""

    sha256: str
    path: str
    wanted_by: tuple[Model, ...]


@dataclass(frozen=True, slots=True)
class Sums:
    """Pictures sent to a model, by how it ended; `unknown` counts those whose end was never noted, too."""

    classifier: str
    model: str
    billed: int
    unknown: int
    not_billed: int
    cost: float | None

    @property
    def spent(self) -> int:
        """Pictures that count against a budget: billed, or perhaps billed."""
        return self.billed + self.unknown


_DONE = f"""
    select distinct sha256 from charges
    where sha256 is not null and model = ? and model_version = ?
      and (outcome = 'billed' or reason = 'picture_failed')
    union
    select sha256 from charges
    where sha256 is not null and model = ? and model_version = ? and reason = 'no_answer'
    group by sha256 having count(*) >= {MAX_UNANSWERED}
"""


def _waiting(models: Sequence[Model]) -> str:
    done = ", ".join(f"done_{number} as ({_DONE})" for number in range(len(models)))
    joins = " ".join(f"left join done_{n} on done_{n}.sha256 = pictures.sha256" for n in range(len(models)))
    wants = ", ".join(f"done_{n}.sha256 is null as wants_{n}" for n in range(len(models)))
    return f"""
        with unfit as (select sha256 from unlabelled
                       where classifier = ? and version = ? and reason in ('unreadable', 'too_large')), {done}
        select pictures.sha256, path, fetched_at, {wants} from pictures {joins}
        anti join unfit on unfit.sha256 = pictures.sha256
        where {" or ".join(f"done_{n}.sha256 is null" for n in range(len(models)))}"""


def _values(classifier: str, version: str, models: Sequence[Model]) -> list[object]:
    each = [value for model in models for value in (model.model_id, model.version) * 2]
    return [classifier, version, *each]


def count_to_send(lake: Lake, classifier: str, version: str, models: Sequence[Model]) -> list[int]:
    """For each model, how many stored pictures it has not answered about."""
    sums = ", ".join(f"count(*) filter (where wants_{n})" for n in range(len(models)))
    with lake.reader() as reader:
        found = reader.execute(
            f"select {sums} from ({_waiting(models)})", _values(classifier, version, models)
        ).fetchone()
    return [int(count) for count in found or ()]


def to_send(
    lake: Lake, classifier: str, version: str, models: Sequence[Model], batch: int
) -> Iterator[list[WaitingPicture]]:
    """Pictures that some model has not answered about, the newest first, in batches, as they are now."""
    with lake.reader() as reader:
        found = reader.execute(
            f"{_waiting(models)} order by fetched_at desc, pictures.sha256",
            _values(classifier, version, models),
        )
        while rows := found.fetchmany(batch):
            yield [
                WaitingPicture(
                    sha256, path, tuple(m for m, wants in zip(models, wanted, strict=True) if wants)
                )
                for sha256, path, _, *wanted in rows
            ]


def spent_since(lake: Lake, classifier: str, since: datetime) -> int:
    """Pictures that the classifier has sent since then, without those that were surely not billed."""
    return sum(one.spent for one in sums_since(lake, since) if one.classifier == classifier)


def sums_since(lake: Lake, since: datetime) -> list[Sums]:
    """What was sent since then, by classifier and model."""
    with lake.reader() as reader:
        rows = reader.execute(
            """select classifier, model, count(*) filter (where outcome = 'billed'),
                      count(*) filter (where outcome in ('sent', 'unknown')),
                      count(*) filter (where outcome = 'not_billed'),
                      sum(price) filter (where outcome <> 'not_billed')
               from charges where sent_at >= ? group by all order by all""",
            [since.astimezone(UTC).replace(tzinfo=None)],
        ).fetchall()
    return [Sums(*row) for row in rows]


def close_cut_off(lake: Lake, unsent: Collection[str], now: datetime) -> int:
    """Note how requests ended that a killed run did not settle: those in `unsent` were never sent, others are unknown.

    Returns how many pictures are unknown. The caller holds the purse, and has stored the answers that came.
    """
    left = _charges(lake, "outcome = 'sent'", [])
    lake.upsert([_cut_off(row, row.request_id in unsent, now) for row in left])
    return sum(row.request_id not in unsent for row in left)


def _cut_off(row: Charge, never_sent: bool, now: datetime) -> Charge:
    if never_sent:
        return replace(row, ended_at=now, outcome="not_billed", reason="not_sent")
    return replace(row, ended_at=now, outcome="unknown", reason="cut_off")


def forget_in_charges(lake: Lake, sha256s: Sequence[str]) -> None:
    """Take the pictures' hashes out of the ledger; that they were sent, and what it cost, stays."""
    rows = _charges(lake, "sha256 in (select unnest(?))", [list(sha256s)])
    lake.upsert([replace(row, sha256=None) for row in rows])


def newest_version(lake: Lake, model_id: str) -> str | None:
    """The version of the model that a picture was last sent to; None when none ever was."""
    with lake.reader() as reader:
        found = reader.execute(
            "select arg_max(model_version, sent_at) from charges where model = ?", [model_id]
        ).fetchone()
    return found[0] if found else None


def lanes_with_labels(lake: Lake) -> list[tuple[str, str]]:
    """Each classifier with each version under which it has labels."""
    with lake.reader() as reader:
        return reader.execute("select distinct classifier, version from labels order by all").fetchall()


def adopt(lake: Lake, source: tuple[str, str], target: tuple[str, str], *, regions: bool) -> int:
    """Copy labels from one classifier and version to another that lacks them; returns how many were new.

    Those of whole pictures, or with `regions` those of regions: each comes from one model.
    """
    part = "region > 0" if regions else "region = 0"
    query = f"""
        select * from labels where classifier = ? and version = ? and {part}
          and sha256 not in (select sha256 from labels where classifier = ? and version = ? and {part})"""
    copied = 0
    with lake.reader() as reader:
        found = reader.execute(query, [*source, *target])
        names = [column[0] for column in found.description or []]
        while rows := found.fetchmany(ADOPT_ROWS):
            kept = [dict(zip(names, row, strict=True)) for row in rows]
            copied += lake.append([_adopted(values, target) for values in kept])
    return copied


def _adopted(values: dict[str, object], target: tuple[str, str]) -> PictureLabel:
    at = values["labelled_at"]
    assert isinstance(at, datetime)
    named = {"classifier": target[0], "version": target[1], "labelled_at": at.replace(tzinfo=UTC)}
    return PictureLabel(**{**values, **named})  # type: ignore[arg-type]


def unlabelled_since_answered(
    lake: Lake, classifier: str, version: str, models: Sequence[Model], now: datetime
) -> list[Unlabelled]:
    """Rows for pictures that all models have done with, and that have no label: why there is none."""
    done = " intersect ".join(f"({_DONE})" for _ in models)
    query = f"""
        with done as ({done}),
        mine as (select * from charges where (model, model_version) in (select unnest(?), unnest(?)))
        select done.sha256, bool_or(mine.reason = 'picture_failed') as refused, bool_or(mine.outcome = 'billed'),
               max(mine.message) filter (where mine.reason in ('picture_failed', 'no_answer'))
        from done join pictures using (sha256) join mine using (sha256)
        where done.sha256 not in (select sha256 from labels where classifier = ? and version = ?)
          and done.sha256 not in (select sha256 from unlabelled where classifier = ? and version = ?)
        group by all order by all"""
    values = _values(classifier, version, models)[2:]
    ids = [[m.model_id for m in models], [m.version for m in models]]
    with lake.reader() as reader:
        rows = reader.execute(query, [*values, *ids, *(classifier, version) * 2]).fetchall()
    return [
        Unlabelled(
            sha256=sha256,
            classifier=classifier,
            version=version,
            reason="refused" if refused else "no_labels" if answered else "unanswered",
            message=message,
            attempted_at=now,
        )
        for sha256, refused, answered, message in rows
    ]


def _charges(lake: Lake, where: str, values: list[object]) -> list[Charge]:
    with lake.reader() as reader:
        found = reader.execute(f"select * from charges where {where} order by request_id, position", values)
        names = [column[0] for column in found.description or []]
        rows = found.fetchall()
    return [_charge(dict(zip(names, row, strict=True))) for row in rows]


def _charge(values: dict[str, object]) -> Charge:
    times = {key: value.replace(tzinfo=UTC) for key, value in values.items() if isinstance(value, datetime)}
    return Charge(**{**values, **times})  # type: ignore[arg-type]
