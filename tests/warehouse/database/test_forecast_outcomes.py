"""The view that compares forecasts with what came, and how often their intervals held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.overview.forecast_scores import read_scores
from warehouse.published import published
from warehouse.schema.forecast_tables import ForecastRow
from warehouse.schema.tables import Observation, Post, PostPicture


@pytest.fixture
def forecast_row(evening: datetime, sha: Callable[[str], str]) -> Callable[..., ForecastRow]:
    """Make a row of `forecasts`: of a post, or with `candidate` of the picture of this name."""

    def make(subject: str, *, candidate: bool = False, **changes: Any) -> ForecastRow:
        defaults: dict[str, Any] = {
            "source": "demo",
            "account": "ann",
            "subject": sha(subject) if candidate else subject,
            "measure": "likes",
            "version": "m1",
            "kind": "image",
            "posted_at": evening,
            "post_id": None if candidate else subject,
            "sha256": sha(subject) if candidate else None,
            "usual": 100.0,
            "median": 110.0,
            "low": 60.0,
            "high": 200.0,
            "made_at": evening - timedelta(hours=1) if candidate else evening + timedelta(hours=1),
            "before_posting": candidate,
        }
        return ForecastRow(**defaults | changes)

    return make


def test_the_first_number_after_a_week_is_the_outcome(
    home: Home,
    forecast_row: Callable[..., ForecastRow],
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    observation_row: Callable[..., Observation],
    evening: datetime,
) -> None:
    """Younger numbers do not count, later ones change nothing, a late forecast has no outcome.

    A candidate is compared with the account's first post that shows its bytes, and not with one of before; of its
    forecasts by two models the last one counts.
    """
    day = timedelta(days=1)
    home.lake.append(
        [
            post_row("a"),
            post_row("hidden"),
            post_row("late"),
            post_row("young"),
            post_row("old", first_seen_at=evening - 9 * day, posted_at=evening - 9 * day),
            post_row("shown", kind="carousel", first_seen_at=evening + day, posted_at=evening),
            post_row("again", first_seen_at=evening + 2 * day, posted_at=evening + day),
            post_row("other", account="bob", first_seen_at=evening + day),
        ]
    )
    home.lake.append(
        [post_picture_row(one, "beach") for one in ("old", "shown", "again")]
        + [post_picture_row("other", "beach")]
    )
    home.lake.append(
        [
            observation_row("a", 90, observed_at=evening + day),
            observation_row("a", 150, 7, observed_at=evening + 7 * day),
            observation_row("a", 900, 9, observed_at=evening + 12 * day),
            observation_row("hidden", None, 3, observed_at=evening + 8 * day),
            observation_row("late", 150, observed_at=evening + 7 * day),
            observation_row("young", 150, observed_at=evening + 6 * day),
            observation_row("shown", 250, observed_at=evening + 8 * day),
            observation_row("again", 100, observed_at=evening + 9 * day),
            observation_row("other", 100, observed_at=evening + 9 * day),
        ]
    )
    home.lake.append(
        [
            forecast_row("a"),
            forecast_row("a", measure="comments", usual=5.0, median=6.0, low=2.0, high=6.5),
            forecast_row("hidden"),
            forecast_row("late", made_at=evening + 8 * day),
            forecast_row("young"),
            forecast_row("beach", candidate=True),
            forecast_row("beach", candidate=True, version="m0", made_at=evening - 8 * day),
            forecast_row("shown"),
            forecast_row("never posted", candidate=True),
        ]
    )
    publish(home)
    with published(home) as database:
        found = database.execute(
            """select post_id, measure, kind, before_posting, outcome, covered from forecast_outcomes order by all"""
        ).fetchall()
    assert found == [
        ("a", "comments", "image", False, 7, False),
        ("a", "likes", "image", False, 150, True),
        ("shown", "likes", "carousel", False, 250, False),
        ("shown", "likes", "carousel", True, 250, False),
    ]
    assert read_scores(home.lake, "m1")["likes"].posts == 2  # a and shown, once each
    assert read_scores(home.lake, "m0") == {}


def test_a_score_has_an_interval_from_enough_weeks_on(
    home: Home,
    forecast_row: Callable[..., ForecastRow],
    post_row: Callable[..., Post],
    observation_row: Callable[..., Observation],
    evening: datetime,
) -> None:
    """40 posts in 20 weeks of which 32 are covered: 0.80; those of another version are counted apart, and have none."""
    posts, counts, made = [], [], []
    for number in range(43):
        at = evening + timedelta(days=3.5 * number)
        posts.append(post_row(str(number), posted_at=at, first_seen_at=at))
        likes = 100 if number % 5 else 500
        counts.append(observation_row(str(number), likes, observed_at=at + timedelta(days=8)))
        version = "m1" if number < 40 else "m2"
        made.append(forecast_row(str(number), version=version, made_at=at + timedelta(hours=1)))
    for rows in (posts, counts, made):
        home.lake.append(rows)
    score = read_scores(home.lake, "m1")["likes"]
    assert (score.posts, score.covered, score.share) == (40, 32, 0.8)
    assert score.low is not None and score.high is not None
    assert 0.6 < score.low < 0.7 and 0.88 < score.high < 0.95
    # log(101/111) and log(501/111) against log(101/101) and log(501/101)
    assert score.skill == pytest.approx(1 - (32 * 0.0944 + 8 * 1.5071) / (8 * 1.6015), abs=1e-3)
    assert score.skill_low is not None and score.skill_low < score.skill
    few = read_scores(home.lake, "m2")["likes"]
    assert (few.posts, few.share, few.low) == (3, None, None)
    assert read_scores(home.lake, "m1", account="bob") == {}
