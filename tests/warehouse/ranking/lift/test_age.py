"""The comparable age comes from the history of observations."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from warehouse.ranking.lift.age import DEFAULT_DAYS, FINAL_DAYS, comparable_ages

BEGIN = datetime(2026, 1, 1)


def history(posts: int, ages: list[float], scale_hours: float = 11.05) -> pl.DataFrame:
    """Observations of posts whose likes come in as a Weibull curve."""
    days = np.array(ages)
    likes = 10_000 * (1 - np.exp(-((days * 24 / scale_hours) ** 0.6)))
    return pl.DataFrame(
        {
            "source": "gallery",
            "post": np.repeat(np.arange(posts), len(days)),
            "posted_at": BEGIN,
            "observed_at": [BEGIN + timedelta(days=age) for age in ages] * posts,
            "value": np.tile(likes, posts).astype(np.int64),
        }
    )


def comparable_age(observations: pl.DataFrame) -> int:
    """The age of the only source."""
    return comparable_ages(observations).get("gallery", DEFAULT_DAYS)


def test_the_age_is_the_day_with_nearly_all_likes():
    """Half the likes after six hours are 95 % after three days; slower ones take longer."""
    nights = [night + 0.4 for night in range(14)]
    assert comparable_age(history(30, nights)) == 3
    assert comparable_age(history(30, nights, scale_hours=20)) == 5


def test_where_likes_come_in_for_longer_the_oldest_age_counts():
    """A source with a history in which no day is late enough is not one without history."""
    nights = [night + 0.4 for night in range(30)]
    assert comparable_age(history(30, nights, scale_hours=200)) == FINAL_DAYS


def test_a_count_between_two_observations_is_interpolated():
    """Missing nights are no reason to give up."""
    assert comparable_age(history(30, [0.2, 2.6, 3.3, 9.0, 13.0])) in (3, 4)


def test_without_history_the_age_is_the_default():
    """Too few posts, posts that were seen once, and posts that were never seen old give 7 days."""
    nights = [night + 0.4 for night in range(14)]
    for observations in (
        history(19, nights),
        history(100, [12.0]),
        history(100, [1.0, 2.0, 3.0]),
        history(30, nights).clear(),
        history(30, nights).with_columns(value=pl.lit(None, pl.Int64)),
        history(30, nights).with_columns(value=pl.lit(0)),
    ):
        assert comparable_age(observations) == DEFAULT_DAYS


def test_each_source_has_the_age_that_it_has_alone():
    """Sources with early, late and endless likes, and one without history, do not change each other."""
    nights = [night + 0.4 for night in range(30)]
    sources = {
        "early": (30, 5.0),
        "usual": (40, 11.05),
        "late": (30, 20.0),
        "endless": (30, 200.0),
        "new": (5, 5.0),
    }
    histories = [
        history(posts, nights, scale).with_columns(source=pl.lit(name))
        for name, (posts, scale) in sources.items()
    ]
    alone = {name: comparable_ages(own)[name] for name, own in zip(sources, histories, strict=True)}
    assert comparable_ages(pl.concat(histories)) == alone
    assert (alone["usual"], alone["endless"], alone["new"]) == (3, FINAL_DAYS, DEFAULT_DAYS)
    assert alone["early"] < 3 < alone["late"]
