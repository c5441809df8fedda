"""Stored models: trainings that end at once never mix their files."""

from __future__ import annotations

import json
import multiprocessing
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from tasks.errors import NoForecastModel
from tasks.forecast import storage
from tasks.forecast.fitted import FittedModel
from tasks.forecast.planned import LabelNames
from tasks.forecast.storage import TENSORS, load_model, read_info, store_model
from tasks.forecast_model import ForecastInfo
from warehouse.errors import HomeBusy
from warehouse.home import Home

TRAININGS = 40


def model_of(posts: int) -> FittedModel:
    """A model whose tensors and description both have the number of posts."""
    info = ForecastInfo(
        measure="likes", version="", method="median", trained_at=datetime(2026, 11, 27, tzinfo=UTC), posts=posts,
        accounts=1, first_posted_at=None, last_posted_at=None, classifiers={}, time_zone="UTC", skill_by_time=None,
        skill_by_account=None, label_skill=None, verdict="too few posts", coverage=None, coverage_worst_tenth=None,
        spearman_within_accounts=None, backfilled=0.0,
    )  # fmt: skip
    return FittedModel(info, LabelNames(), None, np.full(1_000 + posts, float(posts)), None)


def train_often(folder: Path, posts: int) -> None:
    for _ in range(TRAININGS):
        store_model(Home(folder), model_of(posts))


@pytest.mark.slow
def test_trainings_at_once_leave_both_files_of_one_of_them(tmp_path):
    """Two processes store models while this one reads: each model is whole, and no temporary file is left."""
    home = Home(tmp_path)
    store_model(home, model_of(1))
    context = multiprocessing.get_context("spawn")
    trainings = [context.Process(target=train_often, args=(tmp_path, posts)) for posts in (1, 2)]
    for training in trainings:
        training.start()
    seen = set()
    while any(training.is_alive() for training in trainings):
        found = load_model(home, "likes")
        assert isinstance(found, FittedModel)
        assert (found.deviations == found.info.posts).all()
        assert len(found.deviations) == 1_000 + found.info.posts
        seen.add(found.info.posts)
        time.sleep(0.002)
    for training in trainings:
        training.join()
        assert training.exitcode == 0
    assert seen <= {1, 2}
    last = read_info(home, "likes")
    assert last is not None
    described = json.loads((home.forecast / "likes" / "model.json").read_text())
    assert described["info"]["version"] == last.version
    files = {file.name for file in (home.forecast / "likes").iterdir()}
    assert files <= {"model.safetensors", "model.json", ".lock"}


def test_a_training_that_is_killed_leaves_no_file_behind(tmp_path):
    """The next one removes its temporary file."""
    home = Home(tmp_path)
    leftover = home.forecast / "likes" / ".model.json.0f.tmp"
    leftover.parent.mkdir(parents=True)
    leftover.write_text("cut off")
    store_model(home, model_of(1))
    assert not leftover.exists()


def test_a_training_that_hangs_is_named(tmp_path, monkeypatch):
    """A lock that is not released ends in a sentence, and the stored model stays."""
    monkeypatch.setattr(storage, "LOCK_SECONDS", 0.0)
    home = Home(tmp_path)
    store_model(home, model_of(1))
    with (
        storage.FileLock(home.forecast / "likes" / ".lock"),
        pytest.raises(HomeBusy, match="Another training"),
    ):
        store_model(home, model_of(2))
    assert load_model(home, "likes").info.posts == 1


def test_a_model_of_other_files_is_refused(tmp_path):
    """A file that is no model is no model of an older training either."""
    home = Home(tmp_path)
    store_model(home, model_of(1))
    (home.forecast / "likes" / TENSORS).write_bytes(b"cut off")
    with pytest.raises(NoForecastModel, match="can't be read"):
        load_model(home, "likes")
