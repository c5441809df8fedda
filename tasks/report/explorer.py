"""The part of the page in which a reader chooses account, period, classifier and measure: its data and its script.

The rankings are those of the warehouse, and their numbers have the texts of the page's tables; the script `explorer.js`
only shows, sorts and filters them. Labels and names are external text: they reach the page as JSON that can't end its
element, and the script shows them as text alone.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from tasks.report import wording
from tasks.report.content import Explorer
from tasks.report.lift_wording import MAX_Q, bound, lift_of, p_value
from tasks.report.names import shorten
from warehouse.overview.summary import current_version
from warehouse.ranking.measures import RUN_BY, By
from warehouse.ranking.post_parts import MAX_ACCOUNTS, PartsPlan, plan_parts, rank_parts
from warehouse.ranking.ranking_query import RankingQuery

MAX_LABELS = 50
"""Labels of each ranking."""
MAX_BYTES = 2_000_000
"""Of the data on the page, within some hundred bytes."""
MAX_NAME_EMS = 60
_SCRIPT = Path(__file__).parent / "templates" / "explorer.js"
_ESCAPES = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}

Key = tuple[str | None, int | None]
"""Account and days of a part of the posts."""


def explore(database: duckdb.DuckDBPyConnection, questions: Sequence[RankingQuery]) -> Explorer | None:
    """The rankings that a reader can choose, for the classifiers of these questions; None if all are empty."""
    labelled = [
        question
        for question in questions
        if question.by == "likes" and current_version(database, question.classifier)
    ]
    if not labelled:
        return None
    grouped = _classifiers_with_groups(database)
    groupings = {one.classifier: (False, True) if one.classifier in grouped else (False,) for one in labelled}
    first = replace(labelled[0], statistic="lift")
    plan = plan_parts(database, first, len(labelled), sum(map(len, groupings.values())))
    table = _LabelTable()
    entries: list[dict[str, list[Any]]] = [{} for _ in plan.parts]
    places = {(part.account, part.days): place for place, part in enumerate(plan.parts)}
    for number, question in enumerate(labelled):
        for by in RUN_BY:
            query = replace(question, by=by, statistic="lift", top=MAX_LABELS)
            ranked = rank_parts(database, query, plan.parts, groupings[question.classifier])
            for part, is_grouped, ranking in ranked:
                key = _key(plan, part.account, part.days, number, by, grouped=is_grouped)
                entry = [_count_posts(ranking), list(_rows(ranking, by, table))]
                entries[places[part.account, part.days]][key] = entry
    if not any(rows for entry in entries for _, rows in entry.values()):
        return None
    return _within_limit(plan, entries, table, _choices(plan, labelled, groupings))


def script() -> str:
    """The text of the page's only script."""
    return _SCRIPT.read_text("utf-8")


@functools.cache
def script_hash() -> str:
    """What the Content-Security-Policy allows the script by, such as `sha256-…`."""
    digest = hashlib.sha256(script().encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"


def as_json(data: object) -> str:
    """JSON of ASCII characters without `<`, `>` and `&`: it can't end or change the script element that it stands in."""
    return json.dumps(data, separators=(",", ":")).translate(_ESCAPES)


class _LabelTable:
    """The names of labels, each once; a ranking has their numbers."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, label: str) -> int:
        """The place of the label's name in `names`."""
        if label not in self._numbers:
            self._numbers[label] = len(self.names)
            self.names.append(shorten(label, MAX_NAME_EMS) or "(no name)")
        return self._numbers[label]


def _rows(ranking: pl.DataFrame, by: By, table: _LabelTable) -> Iterator[list[Any]]:
    """For each label its number, posts and accounts, and the texts of its other columns."""
    digits = wording.column_decimals(ranking)
    for row in ranking.iter_rows(named=True):
        start = [table.number(row["label"]), row["posts"], row["accounts"]]
        share = wording.percent(row["share"])
        if by == "count":
            yield [*start, share]
        else:
            lift = [lift_of(row), bound(row["low"]), bound(row["high"]), p_value(row["q"])]
            plain = [wording.number(row[name], digits.get(name, 0)) for name in ("mean", "median")]
            yield [*start, *lift, *plain, share]


def _count_posts(ranking: pl.DataFrame) -> int:
    """The posts that a ranking counts or compares; 0 if it is empty."""
    return 0 if ranking.is_empty() else round(ranking["posts"][0] / ranking["share"][0])


def _key(
    plan: PartsPlan, account: str | None, days: int | None, number: int, by: By, *, grouped: bool
) -> str:
    """The name of a ranking in the data: account, days, classifier, measure, and whether labels are grouped."""
    place = 0 if account not in plan.accounts else plan.accounts.index(account) + 1
    return f"{place}.{days or 0}.{number}.{by}.{int(grouped)}"


def _choices(
    plan: PartsPlan, labelled: Sequence[RankingQuery], groupings: Mapping[str, tuple[bool, ...]]
) -> dict[str, Any]:
    """What the controls offer."""
    question = labelled[0]
    scope = "All accounts" if question.account is None else shorten(question.account, MAX_NAME_EMS)
    period = "All time" if question.since is None and question.until is None else "Period of this report"
    periods = [[days, f"Last {days} days (from {begin})"] for days, begin in plan.periods.items()]
    return {
        "accounts": [scope, *(shorten(name, MAX_NAME_EMS) or "(no name)" for name in plan.accounts)],
        "periods": [[0, period], *periods],
        "classifiers": [
            [shorten(one.classifier, MAX_NAME_EMS), len(groupings[one.classifier]) > 1] for one in labelled
        ],
        "measures": [[by, "number of posts" if by == "count" else by] for by in RUN_BY],
        "grouped": question.grouped,
        "minPosts": question.least_posts,
        "maxQ": MAX_Q,
    }


def _within_limit(
    plan: PartsPlan, entries: list[dict[str, list[Any]]], table: _LabelTable, choices: dict[str, Any]
) -> Explorer:
    """The data, without the last parts of the plan where it would be too long."""
    # A part with the posts of a longer period has its ranking; one with few posts has none.
    same = [[_place(plan, key), key[1] or 0, days or 0] for key, days in plan.same.items()]
    few = [[_place(plan, key), key[1] or 0] for key in plan.few]
    others = choices | {"labels": table.names, "same": same, "few": few}
    sizes = accumulate((len(as_json(entry)) for entry in entries), initial=len(as_json(others)))
    count = max(1, sum(size <= MAX_BYTES for size in list(sizes)[1:]))
    rankings = {key: value for entry in entries[:count] for key, value in entry.items()}
    missing = {*plan.left_out, *((part.account, part.days) for part in plan.parts[count:])}
    return Explorer(
        as_json(others | {"rankings": rankings}), MAX_LABELS, MAX_Q, _describe_left_out(plan, missing)
    )


def _place(plan: PartsPlan, key: Key) -> int:
    return plan.accounts.index(key[0]) + 1 if key[0] in plan.accounts else 0


def _describe_left_out(plan: PartsPlan, missing: set[Key]) -> str:
    """Which choices the page lacks; empty if it has all."""
    texts = []
    if plan.more_accounts:
        texts.append(
            f"It has the {MAX_ACCOUNTS} accounts with most posts, and not the {plan.more_accounts:,} others."
        )
    if missing:
        accounts = len({account for account, days in missing if days is None and account is not None})
        periods = len({account for account, days in missing if days is not None})
        parts = []
        if accounts:
            parts.append(f"{accounts:,} of the accounts")
        if periods:
            parts.append(f"the shorter periods of {periods:,} accounts")
        texts.append(f"To keep the page small and quick to make, it lacks {' and '.join(parts)}.")
    if not texts:
        return ""
    return " ".join([*texts, "The command likelens rank has them, with --account and --since."])


def _classifiers_with_groups(database: duckdb.DuckDBPyConnection) -> set[str]:
    rows = database.execute("select distinct classifier from label_groups").fetchall()
    return {str(name) for (name,) in rows}
