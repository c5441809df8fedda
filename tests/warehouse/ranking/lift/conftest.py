"""Small galleries for the tests of the estimator."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from benchmarks.truth.galleries import Gallery, Plan, make_gallery

SMALL = Plan(accounts=8, posts=600, labels=60, topics=4)


@pytest.fixture(scope="session")
def gallery() -> Gallery:
    """A gallery of 600 posts."""
    return make_gallery(SMALL, 1)


@pytest.fixture
def post_frame() -> Callable[..., pl.DataFrame]:
    """Posts of one account, an hour apart, with these counts."""

    def make(counts: list[int | None], account: str = "ann", first: int = 0) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "post": np.arange(first, first + len(counts)),
                "source": "s",
                "account": account,
                "posted_at": [datetime(2026, 1, 1) + timedelta(hours=i) for i in range(len(counts))],
                "kind": "image",
                "value": pl.Series(counts, dtype=pl.Int64),
            }
        )

    return make


@pytest.fixture
def label_frame() -> Callable[..., pl.DataFrame]:
    """Rows of labels: for each label the posts that have it."""

    def make(**posts: list[int]) -> pl.DataFrame:
        rows = [(post, label) for label, numbers in posts.items() for post in numbers]
        return pl.DataFrame(rows, schema={"post": pl.Int64, "label": pl.String}, orient="row")

    return make
