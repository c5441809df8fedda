"""Risers and fallers: the change of a lift, its interval, and which labels are shown."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial

import numpy as np
import polars as pl
import pytest
from scipy.stats import false_discovery_control, norm

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.empty_rankings import why_empty
from warehouse.ranking.lift_changes import COLUMNS, all_changes, before, rank_changes
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Row

pytestmark = pytest.mark.slow

FIRST = datetime(2025, 1, 1, 6, 30)
MIDDLE = date(2025, 4, 11)
"""The 100th day after the first."""
QUESTION = RankingQuery(
    "model", "likes", "lift", 30, since=MIDDLE, until=MIDDLE + timedelta(days=99), against_before=True
)


def make_posts(
    labelled_post: Callable[..., list[Row]], seed: int, effects: dict[str, tuple[float, float]]
) -> list[Row]:
    """600 posts of three accounts in 200 days; each label multiplies likes by its effect before and after the middle."""
    chosen = random.Random(seed)
    rows: list[Row] = []
    for number in range(600):
        at = FIRST + timedelta(hours=8 * number)
        labels = chosen.sample(sorted(effects), 4)
        likes = 1_000 * chosen.lognormvariate(0, 0.4)
        for label in labels:
            likes *= effects[label][at.date() >= MIDDLE]
        account = ("ann", "bob", "eve")[number % 3]
        rows += labelled_post(f"{number:03}", labels, round(likes), posted_at=at, account=account)
    return rows


EFFECTS = {
    "riser": (0.7, 1.5),
    "faller": (1.5, 0.7),
    "steady": (1.6, 1.6),
    **{f"plain {i}": (1.0, 1.0) for i in range(9)},
}


@pytest.fixture(scope="module")
def gallery(
    new_home: Callable[[], Home],
    labelled_post: Callable[..., list[Row]],
    store_rows: Callable[[Home, Sequence[Row]], None],
    run_row: Callable[..., StageRun],
) -> Home:
    """A published home folder with these posts."""
    home = new_home()
    store_rows(home, [*make_posts(labelled_post, 3, EFFECTS), run_row()])
    publish(home)
    return home


def test_a_riser_and_a_faller_are_found(gallery: Home) -> None:
    """They are first and last, with the planted change in their interval and a small q; a steady label has neither."""
    ranking = rank(gallery, QUESTION)
    assert tuple(ranking.columns) == COLUMNS
    assert ranking["change"].is_sorted(descending=True)
    rows = {row["label"]: row for row in ranking.iter_rows(named=True)}
    assert (ranking["label"][0], ranking["label"][-1]) == ("riser", "faller")
    planted = {"riser": 1.5 / 0.7, "faller": 0.7 / 1.5, "steady": 1.0}
    for label, change in planted.items():
        row = rows[label]
        assert row["low"] < change < row["high"]
        assert row["change"] == pytest.approx(row["lift"] / row["lift_before"])
        assert (row["q"] < 0.05) == (label != "steady")
    short = rank(gallery, replace(QUESTION, top=2))
    assert short["label"].to_list() == ["riser", "faller"], "the most certain changes"


def test_both_periods_are_those_of_plain_rankings(gallery: Home) -> None:
    """The lifts are those of rankings of each period, and the interval is the root of the sum of their squares."""
    assert (before(QUESTION).since, before(QUESTION).until) == (date(2025, 1, 1), date(2025, 4, 10))
    with published(gallery) as database:
        changes = all_changes(database, QUESTION).sort("label")
    plain = {"by": "likes", "statistic": "lift", "top": 99, "min_posts": 1}
    now, earlier = (
        rank(gallery, RankingQuery("model", since=one.since, until=one.until, **plain)).sort("label")  # type: ignore[arg-type]
        for one in (QUESTION, before(QUESTION))
    )
    assert changes["lift"].to_list() == now["lift"].to_list()
    assert changes["posts_before"].to_list() == earlier["posts"].to_list()
    half = np.hypot(*(np.log(one["high"] / one["low"]) / 2 for one in (now, earlier)))
    change = np.log(now["lift"] / earlier["lift"])
    assert np.allclose(changes["low"], np.exp(change - half))
    assert np.allclose(changes["high"], np.exp(change + half))
    assert ((changes["p"] < 0.05) == ((changes["low"] > 1) | (changes["high"] < 1))).all()
    normal = 2 * norm.sf(np.abs(change) / half * norm.isf(0.025))
    assert np.allclose(changes["p"], normal, atol=0.01)
    assert np.allclose(changes["q"], false_discovery_control(changes["p"]))


def test_labels_without_a_change_seldom_have_one(
    home: Home,
    labelled_post: Callable[..., list[Row]],
    store_rows: Callable[[Home, Sequence[Row]], None],
    run_row: Callable[..., StageRun],
) -> None:
    """Of 8 sources of 12 labels whose effects stay, about 95 % of the intervals contain 1."""
    effects = {f"label {i}": (1 + i / 20, 1 + i / 20) for i in range(12)}
    rows: list[Row] = [run_row()]
    for seed in range(8):
        rows += make_posts(partial(labelled_post, source=f"s{seed}"), 100 + seed, effects)
    store_rows(home, rows)
    publish(home)
    contained = []
    with published(home) as database:
        for seed in range(8):
            changes = rank_changes(database, replace(QUESTION, source=f"s{seed}"))
            contained += changes.select((pl.col("low") < 1) & (pl.col("high") > 1)).to_series().to_list()
    assert len(contained) == 96
    assert np.mean(contained) >= 0.9


def test_the_reason_names_both_periods(gallery: Home) -> None:
    """Where no label has posts in both periods, the reason has the days and the posts of each."""
    question = replace(QUESTION, since=date(2025, 1, 1), until=date(2025, 7, 30))
    assert rank(gallery, question).is_empty()
    with published(gallery) as database:
        reason = why_empty(database, question)
    assert "No label has a lift in both periods, with at least 10 posts in each." in reason
    assert "600 posts from 2025-01-01 to 2025-07-30 and 0 posts from 2024-06-04 to 2024-12-31" in reason


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"since": None}, "--against-before needs --since and --until"),
        ({"statistic": "mean"}, "--against-before needs --statistic lift"),
        ({"by": "count"}, "--against-before needs --statistic lift"),
    ],
)
def test_a_change_needs_a_period_and_a_lift(home: Home, changes: dict[str, object], message: str) -> None:
    """The message names the options."""
    with pytest.raises(ValueError, match=message):
        rank(home, replace(QUESTION, **changes))  # type: ignore[arg-type]
