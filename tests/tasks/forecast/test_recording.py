"""Forecasts of a night: written once, before the numbers are known, and by labels of the model's own versions."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from PIL import Image

from classifiers.visual import VisualOptions
from classifiers.visual.classifier import VisualClassifier
from tasks.forecast.labelling import Lane
from tasks.forecast.recording import CandidateJob, hash_files, record_forecasts
from tasks.forecast_model import Forecast, ForecastInfo, PlannedPost
from warehouse.database.check_limits import CheckLimits
from warehouse.database.checks import check_lake, problems_of
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.records.runs import StageResult
from warehouse.schema.picture_tables import Picture, PictureLabel, Unlabelled
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Post, PostPicture

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 27, 4, tzinfo=UTC)
VISUAL = VisualClassifier.version
LANES = [Lane("visual", "visual", VisualOptions())]


@dataclass
class FixedModel:
    """Forecasts ten for each label of a post; it knows nothing of the account `nobody`."""

    info: ForecastInfo

    def predict(
        self, database: duckdb.DuckDBPyConnection, planned: Sequence[PlannedPost], *, known_at: datetime
    ) -> list[Forecast]:
        return [self._forecast(one) for one in planned]

    def _forecast(self, post: PlannedPost) -> Forecast:
        if post.account == "nobody":
            return Forecast(usual=None, usual_low=None, usual_high=None, median=None, low=None, high=None)
        median = 10.0 * sum(map(len, post.labels.values()))
        return Forecast(
            usual=100.0, usual_low=50.0, usual_high=200.0, median=median, low=0.0, high=2 * median
        )


def model(version: str = "m1", **changes: Any) -> FixedModel:
    values: dict[str, Any] = {
        "measure": "likes", "version": version, "method": "ridge", "trained_at": NOW - timedelta(days=3), "posts": 500,
        "accounts": 1, "first_posted_at": None, "last_posted_at": NOW - timedelta(days=6),
        "classifiers": {"visual": VISUAL}, "time_zone": "UTC", "skill_by_time": None, "skill_by_account": None,
        "label_skill": None, "verdict": "labels help", "coverage": 0.8, "coverage_worst_tenth": None,
        "spearman_within_accounts": None, "backfilled": 0.0,
    }  # fmt: skip
    return FixedModel(ForecastInfo(**values | changes))


@pytest.fixture
def home(tmp_path: Path, empty_home: Home) -> Home:
    """A home folder with the posts of three days, published; a run has loaded the classifier."""
    home = Home(Path(shutil.copytree(empty_home.folder, tmp_path / "home")))
    ages = {"new": 1, "unlabelled": 1, "bare": 1, "waiting": 1, "unfetched": 1, "trained on": 6.5, "old": 30}
    posts = [post(name, NOW - timedelta(days=days)) for name, days in ages.items()]
    home.lake.append([*posts, post("of nobody", NOW - timedelta(days=1), account="nobody")])
    shown = {"new": "cat", "unlabelled": "noise", "waiting": "late", "unfetched": None, "of nobody": "cat"}
    home.lake.append([picture_of(name, sha256) for name, sha256 in shown.items()])
    home.lake.append([picture(one) for one in ("cat", "noise", "late")])
    home.lake.append(
        [label("cat", "warm"), label("cat", "dark", rank=2), label("late", "warm", version="visual-0")]
    )
    home.lake.append(
        [
            Unlabelled(
                sha256="noise",
                classifier="visual",
                version=VISUAL,
                reason="no_labels",
                message=None,
                attempted_at=NOW,
            )
        ]
    )
    home.lake.append(
        [
            StageRun(
                run_id="r", stage="classify", lane="visual", started_at=NOW, ended_at=NOW, status="done", items=1,
                failures=0, message=None, version=VISUAL,
            )
        ]
    )  # fmt: skip
    publish(home)
    return home


def post(post_id: str, posted_at: datetime, account: str = "ann") -> Post:
    return Post(
        source="s", post_id=post_id, account=account, url="http://x.example/", kind="image", posted_at=posted_at,
        caption=None, place=None, pinned=None, first_seen_at=NOW, last_seen_at=NOW,
    )  # fmt: skip


def picture_of(post_id: str, sha256: str | None) -> PostPicture:
    return PostPicture(
        source="s", post_id=post_id, position=0, picture_url=f"http://x.example/{post_id}", sha256=sha256
    )


def picture(sha256: str) -> Picture:
    return Picture(sha256=sha256, bytes=1, width=1, height=1, format="png", path=sha256, fetched_at=NOW)


def label(sha256: str, name: str, rank: int = 1, version: str = VISUAL) -> PictureLabel:
    return PictureLabel(
        sha256=sha256, classifier="visual", version=version, region=0, rank=rank, label=name, label_id=None, score=0.9,
        x0=None, y0=None, x1=None, y1=None, labelled_at=NOW,
    )  # fmt: skip


def record(
    home: Home, *models: FixedModel, job: CandidateJob | None = None, now: datetime = NOW
) -> StageResult:
    with published(home) as database:
        return record_forecasts(home, database, models, job, LANES, now, lambda done, total: None)


def stored(home: Home) -> dict[str, tuple[Any, ...]]:
    rows = home.lake.query(
        "select coalesce(post_id, sha256), version, median, before_posting, made_at from forecasts"
    )
    return {f"{name} {version}": values for name, version, *values in rows}


def test_a_post_is_forecast_once_and_before_its_numbers_are_known(home):
    """Posts wait until their pictures are labelled; old ones, and those that the model was trained on, get none.

    The next night, with another model, what is written stays.
    """
    assert record(home, model()) == StageResult("done", 3)
    written = stored(home)
    assert {name: values[0] for name, values in written.items()} == {
        "new m1": 20,
        "unlabelled m1": 0,
        "bare m1": 0,
    }
    assert not any(values[1] for values in written.values())
    later = NOW + timedelta(days=1)
    home.lake.append([label("late", "warm")])
    assert record(home, model("m2"), now=later).items == 1
    assert stored(home) == written | {"waiting m2": [10.0, False, later.replace(tzinfo=None)]}


def test_a_model_without_labels_waits_for_no_picture(home):
    """All posts of after its training get a forecast, also those whose pictures are not fetched or not labelled."""
    assert record(home, model(classifiers={})).items == 5
    assert {name.removesuffix(" m1") for name in stored(home)} == {
        "new",
        "unlabelled",
        "bare",
        "waiting",
        "unfetched",
    }


def test_labels_of_another_version_are_not_used(home):
    """The message says which version is gone, and what happens next; the night is not incomplete."""
    result = record(home, model(classifiers={"visual": "visual-0"}), model(classifiers={"gone": "gone-1"}))
    assert (result.status, result.items) == ("done", 0)
    assert f"trained on labels of visual visual-0, and visual has {VISUAL} now" in result.message
    assert "trained on labels of gone gone-1, and gone is gone" in result.message


def test_candidates_are_forecast_by_the_models_that_fit_alone(home, tmp_path):
    """A model of another version makes no forecast of them either; a file that can't be opened stops no other one.

    The name of the account may begin with @, as for the command.
    """
    Image.fromarray(np.full((64, 64, 3), 200, np.uint8)).save(tmp_path / "grey.png")
    job = CandidateJob(tmp_path, None, "@ann", NOW + timedelta(days=4), "image")
    old = model("m0", classifiers={"visual": "visual-0"}, measure="comments")
    result = record(home, model(last_posted_at=NOW), old, job=job)
    assert result.items == 1
    assert "Candidates" not in result.message
    assert hash_files([tmp_path / "gone.png", tmp_path / "grey.png"])[1] == 1


def test_a_candidate_is_forecast_anew_until_it_is_posted(home, tmp_path):
    """Each night replaces its forecast; once a post shows its bytes, the last one from before stays."""
    folder = tmp_path / "candidates"
    folder.mkdir()
    Image.fromarray(np.full((64, 64, 3), 200, np.uint8)).save(folder / "grey.png")
    (folder / "notes.txt").write_text("no picture")
    job = CandidateJob(folder, None, "ann", NOW + timedelta(days=4), "image")
    first = record(home, model(last_posted_at=NOW), job=job)
    assert (first.items, first.message) == (1, "Candidates: left out: 1 unreadable.")
    later = NOW + timedelta(days=1)
    assert record(home, model(last_posted_at=later), job=job, now=later).items == 1
    [(name, values)] = stored(home).items()
    assert values[0] > 0 and values[1:] == [True, later.replace(tzinfo=None)]
    sha256 = name.removesuffix(" m1")
    home.lake.append([picture(sha256)])
    home.lake.append([picture_of("bare", sha256)])
    last = record(home, model(last_posted_at=later), job=job, now=later + timedelta(days=1))
    assert (last.items, last.message) == (0, "Candidates: left out: 1 posted already, 1 unreadable.")
    assert stored(home) == {name: values}
    assert problems_of(check_lake(home.lake, CheckLimits())) == []


def test_candidates_of_an_unknown_account_are_a_note(home, tmp_path):
    """A mistake in `[forecast]` costs the candidates alone."""
    job = CandidateJob(tmp_path, "t", "ann", NOW, "image")
    result = record(home, model(), job=job)
    assert (result.status, result.items) == ("done", 3)
    assert result.message == "Candidates: no posts of 'ann' are stored from 't'."
