"""What a forecast model says about itself, planned posts and their forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol

import duckdb

Measure = Literal["likes", "comments"]
Method = Literal["ridge", "boosting", "median"]
Verdict = Literal["labels help", "labels add nothing", "too few posts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skill:
    """How much smaller one mean absolute error is than another one: 1 minus their ratio, on posts held out.

    Errors are of log(1 + count). `low` and `high` are the 95 % interval of a bootstrap over `clusters`: accounts, or
    weeks of accounts where there are few of these. `posts` is the number of posts held out.
    """

    value: float
    low: float
    high: float
    posts: int
    clusters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastInfo:
    """What a stored model says about itself. Times are aware and in UTC; None stands for a number with too few posts.

    `version` is a hash of the tensors and settings, `posts` the number of posts it was trained on and `accounts` of how
    many accounts, `classifiers` the version of each classifier whose labels it knows (empty without labels).
    `skill_by_time` is against the account's rolling median on the newest fifth, forecast from the posts before;
    `skill_by_account` on accounts that the model has not seen (None with one account). `label_skill` is against the same
    model without labels and leads to `verdict`. `coverage` is the share of held-out posts inside their 80 % interval, and
    `coverage_worst_tenth` the mean of that share over the tenth of the accounts with the lowest one.
    `spearman_within_accounts` is the rank correlation of forecast and count inside accounts, averaged over them.
    `backfilled` is the share of the posts that were posted before their account was first observed: their usual is from
    counts observed later (docs/decisions.md).
    """

    measure: Measure
    version: str
    method: Method
    trained_at: datetime
    posts: int
    accounts: int
    first_posted_at: datetime | None
    last_posted_at: datetime | None
    classifiers: dict[str, str]
    time_zone: str
    skill_by_time: Skill | None
    skill_by_account: Skill | None
    label_skill: Skill | None
    verdict: Verdict
    coverage: float | None
    coverage_worst_tenth: float | None
    spearman_within_accounts: float | None
    backfilled: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedPost:
    """A post before it is posted. `posted_at` is aware; `labels` are the labels of its pictures by classifier."""

    source: str
    account: str
    kind: str
    posted_at: datetime
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)


class PostPlan(Protocol):
    """What makes a planned post, beside its labels; a stored post has it too."""

    @property
    def source(self) -> str:
        """Name of the source."""

    @property
    def account(self) -> str:
        """Name of the account."""

    @property
    def kind(self) -> str:
        """Kind of the post."""

    @property
    def posted_at(self) -> datetime:
        """When it is or would be posted; aware."""


def plan_post(plan: PostPlan, labels: Mapping[str, Sequence[str]]) -> PlannedPost:
    """The planned post of a plan, with the labels of its pictures by classifier."""
    return PlannedPost(
        source=plan.source, account=plan.account, kind=plan.kind, posted_at=plan.posted_at, labels=labels
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelEffect:
    """A label of the planned post: how many times the forecast without this label it makes it.

    `low` to `high` is the 95 % interval of the factor in the model, and `posts` the posts that it was learned from. The
    model shrinks effects towards 1, and its interval does not know that accounts differ: a finding about a label is its
    lift (`likelens rank --statistic lift`).
    """

    classifier: str
    label: str
    factor: float
    low: float
    high: float
    posts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What a planned post will earn, as counts. None where too few posts of the account are known; `notes` say so.

    `usual` is the account's rolling median, with the 80 % interval `usual_low` to `usual_high` of a post about which
    nothing else is known. `median` is the forecast, `low` to `high` its 80 % interval. `effects` are those of the
    post's labels that the model knows, the strongest first. `notes` are sentences for the user.
    """

    usual: float | None
    usual_low: float | None
    usual_high: float | None
    median: float | None
    low: float | None
    high: float | None
    effects: tuple[LabelEffect, ...] = ()
    notes: tuple[str, ...] = ()


class ForecastModel(Protocol):
    """A trained model, as `load_model` returns it."""

    @property
    def info(self) -> ForecastInfo:
        """What the model says about itself."""

    def predict(
        self, database: duckdb.DuckDBPyConnection, planned: Sequence[PlannedPost], *, known_at: datetime
    ) -> list[Forecast]:
        """One forecast for each planned post, in their order; posts of several accounts are one batch.

        A forecast uses counts that were observed by `known_at` and before the post's own time. The planned posts know
        nothing of each other. `database` is an open published database (`warehouse.published.published`).
        """
