"""A home folder with three accounts whose likes depend on a label, and with trained models."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classifiers.visual.classifier import VisualClassifier
from flows.forecasting.lanes import forecast_options
from flows.forecasting.stored import MEASURES
from flows.settings import read_settings
from tasks.forecast.training import train
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.schema.picture_tables import Picture, PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Observation, Post, PostPicture

SETTINGS = """
[[sources]]
name = "s"
kind = "jsonl"
file = "posts.jsonl"

[rank]
time_zone = "Europe/Berlin"

[[classifiers]]
name = "visual"
kind = "visual"
"""
POSTS = {"ann": 260, "anna": 260, "beginner": 12, "silent": 1}
"""Posts by account; those of `ann` and `anna` with the label 'warm' get three times the likes."""
DAY = timedelta(days=1)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with settings, and a home folder with published posts and both models; do not change it."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "likelens.toml").write_text(SETTINGS)
    home = Home(folder / "data")
    home.prepare()
    fill(home)
    publish(home)
    settings = read_settings(folder / "likelens.toml", sources=False)
    with published(home) as database:
        for measure in MEASURES:
            train(home, database, measure, forecast_options(settings), lambda done, total: None)
    return folder


@pytest.fixture
def own(trained: Path, tmp_path: Path) -> Path:
    """A copy of that folder, which a test may change; its database is published anew."""
    folder = Path(shutil.copytree(trained, tmp_path / "own"))
    publish(Home(folder / "data"))
    return folder


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warm picture, a cold one, and a text."""
    folder = tmp_path_factory.mktemp("candidates")
    for name, colour in (("warm.png", (230, 120, 40)), ("cold.png", (40, 90, 200))):
        Image.fromarray(np.full((80, 120, 3), colour, np.uint8)).save(folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


def fill(home: Home) -> None:
    """Store the accounts, from a seed."""
    draw = np.random.default_rng(16)
    now = datetime.now(UTC).replace(microsecond=0)
    posts, shown, counts, pictures, labels = [], [], [], [], []
    for account, number in POSTS.items():
        for place in range(number):
            post_id, at = (
                f"{account}-{place}",
                now - (number - place + 10) * DAY - timedelta(hours=int(draw.integers(0, 12))),
            )
            warm = bool(draw.random() < 0.4)
            likes = int(200 * np.exp(draw.normal(0, 0.4)) * (3 if warm else 1))
            posts.append(_post(account, post_id, at))
            shown.append(
                PostPicture(
                    source="s",
                    post_id=post_id,
                    position=0,
                    picture_url=f"http://x.example/{post_id}",
                    sha256=post_id,
                )
            )
            counts += [_count(post_id, at + 3 * DAY, likes), _count(post_id, at + 8 * DAY, likes)]
            pictures.append(
                Picture(sha256=post_id, bytes=1, width=1, height=1, format="png", path=post_id, fetched_at=at)
            )
            labels += [
                _label(post_id, name, rank, at)
                for rank, name in enumerate(["warm" if warm else "cold", "landscape"], 1)
            ]
    run = StageRun(
        run_id="r", stage="classify", lane="visual", started_at=now, ended_at=now, status="done", items=1, failures=0,
        message=None, version=VisualClassifier.version,
    )  # fmt: skip
    for rows in (posts, shown, counts, pictures, labels, [run]):
        home.lake.append(rows)


def _post(account: str, post_id: str, at: datetime) -> Post:
    return Post(
        source="s", post_id=post_id, account=account, url="http://x.example/", kind="image", posted_at=at, caption=None,
        place=None, pinned=None, first_seen_at=at, last_seen_at=at,
    )  # fmt: skip


def _count(post_id: str, at: datetime, likes: int) -> Observation:
    return Observation(
        source="s", post_id=post_id, observed_at=at, likes=likes, comments=likes // 40, likes_hidden=False
    )


def _label(sha256: str, name: str, rank: int, at: datetime) -> PictureLabel:
    return PictureLabel(
        sha256=sha256, classifier="visual", version=VisualClassifier.version, region=0, rank=rank, label=name, label_id=None,
        score=0.9, x0=None, y0=None, x1=None, y1=None, labelled_at=at,
    )  # fmt: skip
