"""Train on a small simulated gallery, store the model, load it and forecast; and what happens with too little."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import numpy as np
import pytest

from benchmarks.forecast.simulated_home import make_database
from benchmarks.truth.galleries import Plan, make_gallery
from tasks.errors import NoForecastModel
from tasks.forecast.boosting import grow_trees
from tasks.forecast.candidates import FittedRatio
from tasks.forecast.fitted import FittedModel
from tasks.forecast.storage import load_model, read_info, store_model
from tasks.forecast.training import ForecastOptions, train
from tasks.forecast_model import Forecast, ForecastInfo, PlannedPost
from warehouse.home import Home

pytestmark = pytest.mark.slow

STRONG = Plan(accounts=25, posts=4_000, labels=60, topics=5, effects=1.0)
NOW = datetime(2026, 12, 31, tzinfo=UTC)


@pytest.fixture(scope="module")
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A gallery whose labels all have effects."""
    with make_database(make_gallery(STRONG, 1)) as opened:
        yield opened


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("forecast"))


@pytest.fixture(scope="module")
def info(home: Home, database: duckdb.DuckDBPyConnection) -> ForecastInfo:
    """What the training says; every test uses its model."""
    return train(home, database, "likes", ForecastOptions("Europe/Berlin"), lambda done, total: None)


def plan(labels: list[str] | None = None, account: str = "3", **changes: Any) -> PlannedPost:
    defaults: dict[str, Any] = {"source": "simulated", "account": account, "kind": "image"}
    defaults |= {
        "posted_at": datetime(2027, 1, 1, 18, tzinfo=UTC),
        "labels": {"simulated": labels} if labels else {},
    }
    return PlannedPost(**defaults | changes)


def test_labels_help_where_they_have_effects(info: ForecastInfo) -> None:
    """Skill, coverage and correlation are those of the table in docs/measurements.md, with room for a small gallery."""
    assert info.verdict == "labels help"
    assert info.skill_by_time and info.skill_by_account and info.label_skill and info.coverage
    assert info.skill_by_time.low > 0.1
    assert info.skill_by_account.value > 0.1
    assert info.label_skill.low > 0
    assert 0.75 < info.coverage < 0.85
    assert (info.spearman_within_accounts or 0) > 0.3
    assert info.classifiers == {"simulated": "1"}
    assert info.accounts == 25


def test_a_stored_model_forecasts_as_the_fitted_one(
    home: Home, database: duckdb.DuckDBPyConnection, info: ForecastInfo
) -> None:
    """The files have no pickle and one version; the JSON says what `read_info` says."""
    assert read_info(home, "likes") == info
    assert sorted(file.name for file in (home.forecast / "likes").iterdir()) == [
        ".lock",
        "model.json",
        "model.safetensors",
    ]
    described = json.loads((home.forecast / "likes" / "model.json").read_text("utf-8"))
    assert described["info"]["version"] == info.version
    model = load_model(home, "likes")
    posts = [plan(["0"]), plan(account="7"), plan(["1", "2", "unknown"], kind="carousel")]
    together = model.predict(database, posts, known_at=NOW)
    alone = [model.predict(database, [post], known_at=NOW)[0] for post in posts]
    for one, other in zip(together, alone, strict=True):
        assert one.median == pytest.approx(other.median)
    assert store_model(Home(home.folder / "again"), model).version == info.version  # type: ignore[arg-type]


def test_a_label_moves_the_forecast_by_its_factor(
    home: Home, database: duckdb.DuckDBPyConnection, info: ForecastInfo
) -> None:
    """Median, interval and usual are in order; without its strongest label the forecast is so many times smaller."""
    model = load_model(home, "likes")
    full, part = model.predict(database, [plan(["0", "1"]), plan(["1"])], known_at=NOW)
    assert full.low and full.median and full.high and part.median and full.usual and full.usual_low
    assert full.low < full.median < full.high
    assert full.usual_low < full.usual
    [effect] = [one for one in full.effects if one.label == "0"]
    assert (1 + full.median) / (1 + part.median) == pytest.approx(effect.factor)
    assert effect.low < effect.factor < effect.high
    assert effect.posts > 10
    assert abs(math.log(full.effects[0].factor)) >= abs(math.log(full.effects[-1].factor))


def test_a_forecast_knows_nothing_that_came_later(
    home: Home, database: duckdb.DuckDBPyConnection, info: ForecastInfo
) -> None:
    """A forecast as of a past day is the same when later observations are gone."""
    model, day = load_model(home, "likes"), datetime(2026, 6, 1, tzinfo=UTC)
    post = plan(["0"], posted_at=day + timedelta(days=1))
    before = model.predict(database, [post], known_at=day)
    database.execute("begin")
    try:
        database.execute("delete from observations where observed_at > timestamp '2026-06-01'")
        assert model.predict(database, [post], known_at=day) == before
        assert model.predict(database, [post], known_at=NOW) == before
    finally:
        database.execute("rollback")


def test_boosting_is_stored_too(home: Home, database: duckdb.DuckDBPyConnection, info: ForecastInfo) -> None:
    """A model with trees forecasts the same after it was stored, and its labels have factors."""
    model = load_model(home, "likes")
    assert isinstance(model, FittedModel) and model.ratio
    draw = np.random.default_rng(1)
    columns = draw.normal(0, 1, (500, 23))
    trees = grow_trees(columns, columns[:, -1] + draw.normal(0, 0.1, 500))
    boosted = replace(
        model,
        info=replace(model.info, method="boosting"),
        ratio=FittedRatio(model.ratio.scaling, model.ratio.ridge, trees, 0.1),
    )
    other = Home(home.folder / "boosted")
    assert store_model(other, boosted).version != info.version
    first, second = plan(["0", "1"]), plan(["1"])
    expected = boosted.predict(database, [first, second], known_at=NOW)
    assert load_model(other, "likes").predict(database, [first, second], known_at=NOW) == expected
    full, part = expected
    [effect] = [one for one in full.effects if one.label == "0"]
    assert full.median and part.median
    assert (1 + full.median) / (1 + part.median) == pytest.approx(effect.factor)


def test_what_is_not_known_is_a_note(
    home: Home, database: duckdb.DuckDBPyConnection, info: ForecastInfo
) -> None:
    """An unknown account, a picture without labels, and a time before the account was observed."""
    model = load_model(home, "likes")
    unknown, bare, early = model.predict(
        database,
        [plan(account="nobody"), plan(), plan(posted_at=datetime(2024, 1, 1, tzinfo=UTC))],
        known_at=NOW,
    )
    assert unknown == replace(unknown, usual=None, median=None, low=None, high=None, effects=())
    assert unknown.notes[0].startswith(
        "No post of nobody in the source simulated had a known number of likes"
    )
    assert bare.notes == (
        "No classifier has labelled it, so that the forecast knows nothing of what it shows.",
    )
    assert early.median is None


def test_labels_of_another_version_are_left_out(
    home: Home, database: duckdb.DuckDBPyConnection, info: ForecastInfo
) -> None:
    """The forecast is that without labels, and a note names both versions."""
    model = load_model(home, "likes")
    [without] = model.predict(database, [plan()], known_at=NOW)
    database.execute("begin")
    try:
        database.execute(
            "create or replace view classifier_versions as select 'simulated' as classifier, '2' as version"
        )
        [changed] = model.predict(database, [plan(["0"])], known_at=NOW)
        database.execute(
            "create or replace view classifier_versions as select '' as classifier, '' as version where false"
        )
        [gone] = model.predict(database, [plan(["0"])], known_at=NOW)
    finally:
        database.execute("rollback")
    assert changed.median == gone.median == without.median
    assert changed.effects == ()
    assert "trained with simulated 1, which is 2 now" in changed.notes[0]
    assert "which is gone" in gone.notes[0]


def test_a_model_that_cannot_be_read_is_reported(home: Home, info: ForecastInfo) -> None:
    """None, and a damaged one: a sentence with what to do."""
    with pytest.raises(NoForecastModel, match=r"no forecast model of comments .* Train one"):
        load_model(home, "comments")
    assert read_info(home, "comments") is None
    other = Home(home.folder / "damaged")
    (other.forecast / "likes").mkdir(parents=True)
    content = (home.forecast / "likes" / "model.safetensors").read_bytes()
    (other.forecast / "likes" / "model.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(NoForecastModel, match="can't be read"):
        load_model(other, "likes")
    assert read_info(other, "likes") is None


def test_labels_without_effects_add_nothing(tmp_path: Any) -> None:
    """The model has no labels then, and its coverage holds."""
    with make_database(make_gallery(replace(STRONG, effects=0.0), 2)) as database:
        info = train(Home(tmp_path), database, "likes", ForecastOptions(), lambda done, total: None)
        [forecast] = load_model(Home(tmp_path), "likes").predict(database, [plan(["0"])], known_at=NOW)
    assert info.verdict == "labels add nothing"
    assert info.classifiers == {}
    assert info.label_skill and info.label_skill.low <= 0
    assert forecast.effects == ()
    assert forecast.median


def test_twelve_posts_have_a_median_with_an_interval(tmp_path: Any) -> None:
    """The verdict is 'too few posts'; the interval is from one count to another one. Five posts have no interval."""

    def forecast(posts: int) -> tuple[ForecastInfo, Forecast]:
        with make_database(make_gallery(Plan(accounts=1, posts=posts), 4)) as database:
            home = Home(tmp_path / str(posts))
            info = train(home, database, "likes", ForecastOptions(), lambda done, total: None)
            [found] = load_model(home, "likes").predict(database, [plan(["0"], account="0")], known_at=NOW)
        return info, found

    info, found = forecast(12)
    assert (info.verdict, info.method, info.skill_by_time) == ("too few posts", "median", None)
    assert found.usual == found.median
    assert found.low and found.median and found.high
    assert found.low < found.median < found.high
    assert found.effects == ()
    _, fewer = forecast(6)
    assert fewer.median
    assert fewer.low is None
    assert "an interval needs 9" in fewer.notes[0]
