"""Simulated galleries whose true effects are known.

An account's level is its size, growth, a weekly random walk and daily shocks. The noise is Student t with a few posts
that go viral. Labels have Zipf frequencies and belong to topics, which stay for some posts, so that labels come
together and in runs; a tenth of them brings a synonym along. Carousels show more labels, videos none. Some likes are
hidden, and those of young posts have not all come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

KINDS = ("image", "carousel", "video")
DRAWS = np.array([7, 11, 0])
"""Mean number of labels that are drawn for a post of each kind; the same label counts once.

The number is Poisson, so that labels are independent of each other, given the topic.
"""
BEGIN = datetime(2025, 1, 1)  # noqa: DTZ001
DAYS = 730
SYNONYM_SHARE = 0.8
"""How often a label brings its synonym along."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a gallery is like. `effects` is the share of labels that have one."""

    accounts: int = 120
    posts: int = 20_000
    labels: int = 2_500
    topics: int = 40
    effects: float = 0.2
    effect_sd: float = 0.35
    account_sd: float = 0.1
    noise: float = 0.55
    level: float = 5.5
    equal_accounts: bool = False


INDEPENDENT = {"topics": 1}
"""Arguments of a plan whose labels come independently of each other, without synonyms."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """The posts, their labels, and the true effects.

    `posts` and `labels` are what `estimate_lifts` takes. `own` is each label's effect, `state` three times the topic of
    each post plus its kind, `chances` the probability of each label in one draw, by topic, and `synonym` the label that
    each one brings along, or -1.
    """

    posts: pl.DataFrame
    labels: pl.DataFrame
    own: Floats
    state: Ints
    chances: Floats
    synonym: Ints


def make_gallery(plan: Plan, seed: int) -> Gallery:
    """Draw a gallery. Labels are named by their number."""
    draw = np.random.default_rng(seed)
    sizes = _account_sizes(draw, plan)
    account = np.repeat(np.arange(plan.accounts), sizes)
    hours, relative = _times(draw, account, plan)
    kind = draw.choice(3, len(account), p=[0.65, 0.2, 0.15])
    topic = _topics(draw, account, hours, plan)
    drawn, synonym = _label_chances(draw, plan)
    post, label = _draw_labels(draw, plan, topic, kind, synonym, drawn)
    own = np.where(draw.random(plan.labels) < plan.effects, draw.normal(0, plan.effect_sd, plan.labels), 0)
    deviation = draw.normal(0, plan.account_sd, (plan.accounts, plan.labels)) * (own != 0)
    signal = np.bincount(post, own[label] + deviation[account[post], label], minlength=len(account))
    level = _levels(draw, account, hours, plan) + 0.12 * np.cos(relative)
    level += np.array([0, 0.3, -0.25])[kind] + 0.1 * (_weekday(hours) >= 5)
    y = level + signal + _noise(draw, len(account), plan)
    age = DAYS * 24 - hours
    likes = np.floor(np.exp(np.minimum(y, 25)) * (1 - np.exp(-((age / 11.05) ** 0.6))))
    posts = pl.DataFrame(
        {
            "post": np.arange(len(account)),
            "source": "simulated",
            "account": account.astype(str),
            "posted_at": [BEGIN + timedelta(hours=float(hour)) for hour in hours],
            "kind": np.array(KINDS)[kind],
            "value": pl.Series(likes.astype(np.int64)).set(pl.Series(draw.random(len(likes)) < 0.06), None),
            "comments": draw.poisson(_comment_rates(draw, level + signal, account, plan)),
        }
    )
    labels = pl.DataFrame({"post": post, "label": label.astype(str)})
    return Gallery(posts, labels, own, topic * 3 + kind, drawn, synonym)


def _account_sizes(draw: np.random.Generator, plan: Plan) -> Ints:
    weights = np.ones(plan.accounts) if plan.equal_accounts else draw.lognormal(0, 0.8, plan.accounts)
    return np.maximum(5, np.round(plan.posts * weights / weights.sum())).astype(np.int64)


def _times(draw: np.random.Generator, account: Ints, plan: Plan) -> tuple[Floats, Floats]:
    """Hours since the beginning, in order within accounts, and the angle of the hour from the account's usual one."""
    usual = draw.uniform(0, 24, plan.accounts)[account]
    away = draw.normal(0, 3, len(account))
    hours = draw.integers(0, DAYS - 1, len(account)) * 24 + (usual + away) % 24
    order = np.lexsort((hours, account))
    return hours[order], away[order] * (2 * np.pi / 24)


def _weekday(hours: Floats) -> Ints:
    return ((hours // 24).astype(np.int64) + BEGIN.weekday()) % 7


def _levels(draw: np.random.Generator, account: Ints, hours: Floats, plan: Plan) -> Floats:
    """Size, growth, season, weekly random walk and daily shocks."""
    weeks = np.cumsum(draw.normal(0, 0.06, (plan.accounts, DAYS // 7 + 1)), axis=1)
    shocks = draw.normal(0, 0.15, (plan.accounts, DAYS))
    day = (hours // 24).astype(np.int64)
    growth = draw.normal(0.3, 0.3, plan.accounts)[account] * hours / (24 * 365)
    size = draw.normal(plan.level, 1.2, plan.accounts)[account]
    return (
        size + growth + 0.1 * np.sin(2 * np.pi * day / 365) + weeks[account, day // 7] + shocks[account, day]
    )


def _noise(draw: np.random.Generator, number: int, plan: Plan) -> Floats:
    viral = np.where(draw.random(number) < 0.04, draw.exponential(1 / 1.5, number), 0)
    return plan.noise * draw.standard_t(4, number) + viral


def _comment_rates(draw: np.random.Generator, level: Floats, account: Ints, plan: Plan) -> Floats:
    """Comments come with the same effects as likes, but are few: about 55 % of the posts have none."""
    willing = draw.normal(-plan.level - 1.0, 0.8, plan.accounts)[account]
    return np.exp(np.minimum(level + willing, 8)) * draw.gamma(1.0, 1.0, len(level))


def _topics(draw: np.random.Generator, account: Ints, hours: Floats, plan: Plan) -> Ints:
    """The topic of each post: it stays for about seven posts; accounts and seasons prefer some topics."""
    if plan.topics == 1:
        return np.zeros(len(account), np.int64)
    tastes = draw.dirichlet(np.full(plan.topics, 0.5), plan.accounts)
    season = np.sin(2 * np.pi * (hours / (24 * 365) + draw.random()))
    tilt = draw.normal(0, 0.5, plan.topics)
    weights = np.cumsum(tastes[account] * np.exp(season[:, None] * tilt), axis=1)
    fresh = np.sum(weights < draw.random(len(account))[:, None] * weights[:, -1:], axis=1)
    changes = draw.random(len(account)) < 0.15
    changes[np.flatnonzero(np.diff(account, prepend=-1))] = True
    return fresh[np.flatnonzero(changes)[np.cumsum(changes) - 1]]


def _label_chances(draw: np.random.Generator, plan: Plan) -> tuple[Floats, Ints]:
    """The chance of each label in one draw, by topic; and each label's synonym, or -1."""
    zipf = np.arange(1, plan.labels + 1) ** -1.1
    zipf /= zipf.sum()
    if plan.topics == 1:
        return zipf[None, :], np.full(plan.labels, -1)
    home = draw.integers(0, plan.topics, plan.labels)
    chances = np.empty((plan.topics, plan.labels))
    for topic in range(plan.topics):
        here = zipf * (home == topic)
        chances[topic] = 0.5 * zipf + 0.5 * here / here.sum()
    synonym = np.full(plan.labels, -1)
    order = draw.permutation(plan.labels)
    tenth = plan.labels // 10
    synonym[order[:tenth]] = order[tenth : 2 * tenth]
    return chances, synonym


def _draw_labels(
    draw: np.random.Generator, plan: Plan, topic: Ints, kind: Ints, synonym: Ints, chances: Floats
) -> tuple[Ints, Ints]:
    """The rows of posts and labels, each pair once."""
    post = np.repeat(np.arange(len(topic)), draw.poisson(DRAWS[kind]))
    cumulative = np.cumsum(chances, axis=1)
    cumulative[:, -1] = 1
    flat = (cumulative + np.arange(len(chances))[:, None]).ravel()
    label = np.searchsorted(flat, topic[post] + draw.random(len(post))) - topic[post] * plan.labels
    first = np.unique(post * plan.labels + label)
    brings = synonym[first % plan.labels]
    brought = (brings >= 0) & (draw.random(len(first)) < SYNONYM_SHARE)
    rows = np.unique(np.concatenate((first, (first // plan.labels * plan.labels + brings)[brought])))
    return rows // plan.labels, rows % plan.labels
