"""The ledger of requests that cost money: which pictures to send, what was spent, and labels that are paid already.

A picture counts as sent by model and version, not by classifier. So a classifier reuses what another one bought from
the same model.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from warehouse.schema.picture_tables import PictureLabel, Unlabelled
from warehouse.schema.run_tables import Charge
from warehouse.schema.utc import without_zone
from warehouse.storage.lake import Lake

MAX_UNANSWERED = 6
"""A picture that was sent to a model so often, each time without a response, is not sent again."""
MAX_UNUSABLE = 2
"""A picture that got so many responses that can't be used is not sent again."""
COPIED_LABELS = 20_000
"""Labels that are copied in one write."""


@dataclass(frozen=True, slots=True)
class Model:
    """A model of a service in one version; `regions`: it labels regions, not complete pictures."""

    model_id: str
    version: str
    regions: bool = False


@dataclass(frozen=True, slots=True)
class PictureToSend:
    """A stored picture, and the models that it is to be sent to."""

    sha256: str
    path: str
    wanted_by: tuple[Model, ...]
    copy_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeTotals:
    """Pictures sent to a model, by outcome; `unknown` includes those without a recorded outcome."""

    classifier: str
    model: str
    billed: int
    unknown: int
    not_billed: int
    cost: float | None

    @property
    def spent(self) -> int:
        """Pictures that count against a budget: billed, or possibly billed."""
        return self.billed + self.unknown


_DONE = f"""
    select distinct sha256 from charges
    where sha256 is not null and model = ? and model_version = ?
      and (outcome = 'billed' and reason is null or reason = 'picture_failed')
    union
    select sha256 from charges
    where sha256 is not null and model = ? and model_version = ? and reason in ('no_answer', 'unusable')
    group by sha256 having count(*) filter (where reason = 'no_answer') >= {MAX_UNANSWERED}
                        or count(*) filter (where reason = 'unusable') >= {MAX_UNUSABLE}
"""


def _pending(models: Sequence[Model]) -> str:
    done = ", ".join(f"done_{number} as ({_DONE})" for number in range(len(models)))
    joins = " ".join(f"left join done_{n} on done_{n}.sha256 = pictures.sha256" for n in range(len(models)))
    flags = ", ".join(f"done_{n}.sha256 is null as pending_{n}" for n in range(len(models)))
    return f"""
        with rejected as (select sha256 from unlabelled
                          where classifier = ? and version = ? and reason in ('unreadable', 'too_large')), {done}
        select pictures.sha256, path, copy_sha256, fetched_at, {flags} from pictures {joins}
        anti join rejected on rejected.sha256 = pictures.sha256
        where {" or ".join(f"done_{n}.sha256 is null" for n in range(len(models)))}"""


def _values(classifier: str, version: str, models: Sequence[Model]) -> list[object]:
    each = [value for model in models for value in (model.model_id, model.version) * 2]
    return [classifier, version, *each]


def count_to_send(lake: Lake, classifier: str, version: str, models: Sequence[Model]) -> list[int]:
    """For each model, the number of stored pictures that are still to be sent to it."""
    sums = ", ".join(f"count(*) filter (where pending_{n})" for n in range(len(models)))
    [counts] = lake.query(f"select {sums} from ({_pending(models)})", _values(classifier, version, models))
    return list(counts)


def pictures_to_send(
    lake: Lake, classifier: str, version: str, models: Sequence[Model], batch: int
) -> Iterator[list[PictureToSend]]:
    """Pictures that are to be sent to one of the models, newest first, in batches."""
    query = f"{_pending(models)} order by fetched_at desc, pictures.sha256"
    for rows in lake.stream(query, _values(classifier, version, models), batch):
        yield [
            PictureToSend(
                sha256, path, tuple(model for model, flag in zip(models, flags, strict=True) if flag), copied
            )
            for sha256, path, copied, _, *flags in rows
        ]


def spent_since(lake: Lake, classifier: str, since: datetime) -> int:
    """Number of pictures that the classifier has sent since then, except those that were surely not billed."""
    return sum(one.spent for one in charge_totals_since(lake, since) if one.classifier == classifier)


def charge_totals_since(lake: Lake, since: datetime) -> list[ChargeTotals]:
    """Totals since then, by classifier and model."""
    rows = lake.query(
        """select classifier, model, count(*) filter (where outcome = 'billed'),
                  count(*) filter (where outcome in ('sent', 'unknown')),
                  count(*) filter (where outcome = 'not_billed'),
                  sum(price) filter (where outcome <> 'not_billed')
           from charges where sent_at >= ? group by all order by all""",
        [without_zone(since)],
    )
    return [ChargeTotals(*row) for row in rows]


def close_interrupted_requests(lake: Lake, unsent: Collection[str], now: datetime) -> int:
    """Record outcomes of requests that a killed run left open: `unsent` ones are not billed, others are unknown.

    Returns the number of unknown pictures. The caller holds the budget's lock, and has stored the responses that
    arrived.
    """
    left = _charges(lake, "outcome = 'sent'", [])
    lake.upsert([_close(row, row.request_id in unsent, now) for row in left])
    return sum(row.request_id not in unsent for row in left)


def _close(row: Charge, never_sent: bool, now: datetime) -> Charge:
    if never_sent:
        return replace(row, ended_at=now, outcome="not_billed", reason="not_sent")
    return replace(row, ended_at=now, outcome="unknown", reason="cut_off")


def forget_in_charges(lake: Lake, sha256s: Sequence[str]) -> None:
    """Remove the pictures' hashes from the ledger. The rows and their costs stay."""
    rows = _charges(lake, "sha256 in (select unnest(?))", [list(sha256s)])
    lake.upsert([replace(row, sha256=None) for row in rows])


def newest_version(lake: Lake, model_id: str) -> str | None:
    """The version of the model that a picture was last sent to; None if none was."""
    query = "select arg_max(model_version, sent_at) from charges where model = ?"
    [(version,)] = lake.query(query, [model_id])
    return None if version is None else str(version)


def newest_model(lake: Lake, classifier: str, version: str, names: Sequence[str]) -> str | None:
    """The model that the classifier last sent a picture to in this version, out of `names` if they are not empty."""
    query = """select arg_max(model, sent_at) from charges
               where classifier = ? and model_version = ? and (len(?) = 0 or model in (select unnest(?)))"""
    [(model,)] = lake.query(query, [classifier, version, list(names), list(names)])
    return None if model is None else str(model)


def lanes_with_labels(lake: Lake) -> list[tuple[str, str]]:
    """Each classifier and version that has labels."""
    rows = lake.query("select distinct classifier, version from labels order by all")
    return [(classifier, version) for classifier, version in rows]


def copy_labels(lake: Lake, source: tuple[str, str], target: tuple[str, str], *, regions: bool) -> int:
    """Copy labels from one classifier and version to another that has none; returns the number of copies.

    Copies either the labels of regions or those of complete pictures, because each comes from its own model.
    """
    part = "region > 0" if regions else "region = 0"
    query = f"""
        select * from labels where classifier = ? and version = ? and {part}
          and sha256 not in (select sha256 from labels where classifier = ? and version = ? and {part})"""
    copied = 0
    with lake.reader(query) as reader:
        result = reader.execute(query, [*source, *target])
        while labels := PictureLabel.fetch(result, COPIED_LABELS):
            copied += lake.append([replace(one, classifier=target[0], version=target[1]) for one in labels])
    return copied


def find_unlabelled(
    lake: Lake, classifier: str, version: str, models: Sequence[Model], now: datetime
) -> list[Unlabelled]:
    """Rows, with the reason, for pictures that all models are done with and that have no label."""
    done = " intersect ".join(f"({_DONE})" for _ in models)
    query = f"""
        with done as ({done}),
        mine as (select * from charges where (model, model_version) in (select unnest(?), unnest(?)))
        select done.sha256, coalesce(bool_or(mine.reason = 'picture_failed'), false) as refused,
               bool_or(mine.outcome = 'billed' and mine.reason is null),
               max(mine.message) filter (where mine.reason in ('picture_failed', 'no_answer', 'unusable'))
        from done join pictures using (sha256) join mine using (sha256)
        where done.sha256 not in (select sha256 from labels where classifier = ? and version = ?)
          and done.sha256 not in (select sha256 from unlabelled where classifier = ? and version = ?)
        group by all order by all"""
    values = _values(classifier, version, models)[2:]
    ids = [[m.model_id for m in models], [m.version for m in models]]
    return [
        Unlabelled(
            sha256=sha256,
            classifier=classifier,
            version=version,
            reason="refused" if refused else "no_labels" if billed else "unanswered",
            message=message,
            attempted_at=now,
        )
        for sha256, refused, billed, message in lake.query(query, [*values, *ids, *(classifier, version) * 2])
    ]


def _charges(lake: Lake, where: str, values: list[object]) -> list[Charge]:
    query = f"select * from charges where {where} order by request_id, position"
    with lake.reader(query) as reader:
        return Charge.fetch(reader.execute(query, values))
