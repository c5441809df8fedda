"""A home folder with empty tables, factories of rows, and child processes, for the warehouse's tests."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warehouse.database import definitions
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.schema.comment_tables import CommentReading
from warehouse.schema.picture_tables import Fetch, Picture, PictureLabel, Unlabelled
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import TABLES, AccountObservation, Observation, Post, PostPicture, Row

EVENING = datetime(2026, 3, 1, 22, 0, tzinfo=UTC)


def sha256_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture(scope="session")
def sha() -> Callable[[str], str]:
    """The hash of the picture with a given name."""
    return sha256_of


@pytest.fixture(scope="session")
def evening() -> datetime:
    """The default time of the rows below."""
    return EVENING


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with empty tables, created once."""
    folder = tmp_path_factory.mktemp("prepared") / "home"
    Home(folder).prepare()
    return folder


@pytest.fixture
def home(tmp_path: Path, prepared: Path) -> Home:
    """A home folder with empty tables: a copy, because creating the tables takes longer than most tests."""
    return Home(Path(shutil.copytree(prepared, tmp_path / "home")))


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory, prepared: Path) -> Callable[[], Home]:
    """Make a home folder with empty tables, for fixtures that tests of a module share and only read."""
    return lambda: Home(Path(shutil.copytree(prepared, tmp_path_factory.mktemp("shared") / "home")))


@pytest.fixture(scope="session")
def published_home(new_home: Callable[[], Home]) -> Home:
    """A published home folder with empty tables, for tests that only read."""
    home = new_home()
    publish(home)
    return home


@pytest.fixture
def publish_changes() -> Callable[[Home], None]:
    """Publish a home folder, unless its tables are those of its last publish."""
    last: dict[Path, object] = {}

    def publish_it(home: Home) -> None:
        if last.get(home.folder) != home.lake.all_files():
            publish(home)
            last[home.folder] = home.lake.all_files()

    return publish_it


WITHOUT_LIFTS = ("test_rankings", "test_rankings_meaning", "test_comparing")
"""Files whose tests publish often and never rank by lift: to compute the lifts is half of a publish."""


@pytest.fixture(scope="module", autouse=True)
def publish_without_lifts(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave the tables of lifts empty in the files of `WITHOUT_LIFTS`."""
    with pytest.MonkeyPatch.context() as patch:
        if request.path.stem in WITHOUT_LIFTS:
            patch.setattr("warehouse.database.publish.refresh_lifts", lambda *_: None)
        yield


@pytest.fixture(scope="module", autouse=True)
def publish_without_comments(request: pytest.FixtureRequest) -> Iterator[None]:
    """Leave out the comments on views and columns, a third of a publish, but where they are tested."""
    with pytest.MonkeyPatch.context() as patch:
        # A publish takes the database that this process published last, of a module with or without comments.
        patch.setattr("warehouse.database.publish._latest", [])
        if request.path.stem not in ("test_publish", "test_publish_again"):
            patch.setattr(definitions, "_comment", lambda *_: None)
        yield


@pytest.fixture(scope="session")
def post_row() -> Callable[..., Post]:
    """Make a row of `posts`."""

    def make(post_id: str, **changes: Any) -> Post:
        defaults: dict[str, Any] = {
            "source": "demo",
            "post_id": post_id,
            "account": "ann",
            "url": f"http://gallery.example/p/{post_id}",
            "kind": "image",
            "posted_at": EVENING,
            "caption": None,
            "place": None,
            "pinned": None,
            "first_seen_at": EVENING,
            "last_seen_at": EVENING,
        }
        return Post(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def post_picture_row() -> Callable[..., PostPicture]:
    """Make a row of `post_pictures` with the picture of this name; None: it is not fetched."""

    def make(post_id: str, name: str | None, **changes: Any) -> PostPicture:
        defaults: dict[str, Any] = {
            "source": "demo",
            "post_id": post_id,
            "position": 0,
            "picture_url": f"http://cdn.example/{name or post_id}.jpg",
            "sha256": sha256_of(name) if name else None,
        }
        return PostPicture(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def observation_row() -> Callable[..., Observation]:
    """Make a row of `observations`."""

    def make(post_id: str, likes: int | None, comments: int | None = 0, **changes: Any) -> Observation:
        defaults: dict[str, Any] = {
            "source": "demo",
            "post_id": post_id,
            "observed_at": EVENING,
            "likes": likes,
            "comments": comments,
            "likes_hidden": False,
        }
        return Observation(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def account_row() -> Callable[..., AccountObservation]:
    """Make a row of `accounts`."""

    def make(account: str, **changes: Any) -> AccountObservation:
        defaults: dict[str, Any] = {
            "source": "demo",
            "account": account,
            "observed_at": EVENING,
            "followers": 12,
            "following": 3,
            "posts": 4,
        }
        return AccountObservation(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def picture_row() -> Callable[..., Picture]:
    """Make a row of `pictures` for the picture of this name."""

    def make(name: str, **changes: Any) -> Picture:
        defaults: dict[str, Any] = {
            "sha256": sha256_of(name),
            "bytes": 1234,
            "width": 640,
            "height": 480,
            "format": "jpeg",
            "path": f"pictures/{sha256_of(name)}.jpg",
            "fetched_at": EVENING,
        }
        return Picture(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def fetch_row() -> Callable[..., Fetch]:
    """Make a row of `fetches`: the address returned the picture of this name, or, with None, the fetch failed."""

    def make(picture_url: str, name: str | None, **changes: Any) -> Fetch:
        defaults: dict[str, Any] = {
            "picture_url": picture_url,
            "attempted_at": EVENING,
            "status": "ok" if name else "failed",
            "reason": None if name else "gone",
            "http_status": 200 if name else 404,
            "sha256": sha256_of(name) if name else None,
            "seconds": 0.25,
        }
        return Fetch(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def label_row() -> Callable[..., PictureLabel]:
    """Make a row of `labels` for the picture of this name."""

    def make(name: str, label: str, **changes: Any) -> PictureLabel:
        defaults: dict[str, Any] = {
            "sha256": sha256_of(name),
            "classifier": "model",
            "version": "1",
            "region": 0,
            "rank": 1,
            "label": label,
            "label_id": None,
            "score": 0.5,
            "x0": None,
            "y0": None,
            "x1": None,
            "y1": None,
            "labelled_at": EVENING,
        }
        return PictureLabel(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def unlabelled_row() -> Callable[..., Unlabelled]:
    """Make a row of `unlabelled` for the picture of this name."""

    def make(name: str, **changes: Any) -> Unlabelled:
        defaults: dict[str, Any] = {
            "sha256": sha256_of(name),
            "classifier": "model",
            "version": "1",
            "reason": "no_labels",
            "message": None,
            "attempted_at": EVENING,
        }
        return Unlabelled(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def reading_row() -> Callable[..., CommentReading]:
    """Make a row of `comment_readings`."""

    def make(post_id: str, comment_id: str, **changes: Any) -> CommentReading:
        defaults: dict[str, Any] = {
            "source": "demo",
            "post_id": post_id,
            "comment_id": comment_id,
            "version": "rules",
            "text_digest": "digest",
            "language": "en",
            "tone": 0.5,
            "tone_by": "vader",
            "spam": False,
            "spam_rules": (),
            "question": False,
            "hashtags": (),
            "mentions": (),
            "emoji": (),
            "read_at": EVENING,
        }
        return CommentReading(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def run_row() -> Callable[..., StageRun]:
    """Make a row of `runs`: a run loaded this version of a classifier."""

    def make(classifier: str = "model", version: str | None = "1", **changes: Any) -> StageRun:
        defaults: dict[str, Any] = {
            "run_id": "first",
            "stage": "classify",
            "lane": classifier,
            "started_at": EVENING,
            "ended_at": EVENING,
            "status": "done",
            "items": 1,
            "failures": 0,
            "message": None,
            "version": version,
        }
        return StageRun(**defaults | changes)

    return make


@pytest.fixture(scope="session")
def labelled_post(
    post_row: Callable[..., Post],
    post_picture_row: Callable[..., PostPicture],
    observation_row: Callable[..., Observation],
    label_row: Callable[..., PictureLabel],
) -> Callable[..., list[Row]]:
    """Make the rows of a post with a picture of its own and these labels, observed `days` after it appeared."""

    def make(
        post_id: str,
        labels: Sequence[str],
        likes: int | None,
        comments: int | None = 1,
        *,
        days: float = 30,
        hidden: bool = False,
        **changes: Any,
    ) -> list[Row]:
        post = post_row(post_id, **changes)
        source, name = post.source, f"{post.source} {post_id}"
        at = (post.posted_at or EVENING) + timedelta(days=days)
        seen = {"source": source, "observed_at": at, "likes_hidden": hidden}
        shown = [label_row(name, label, rank=rank) for rank, label in enumerate(labels, 1)]
        picture = post_picture_row(post_id, name, source=source)
        return [post, picture, observation_row(post_id, likes, comments, **seen), *shown]

    return make


@pytest.fixture(scope="session")
def store_rows() -> Callable[[Home, Sequence[Row]], None]:
    """Store rows of any tables."""

    def store(home: Home, rows: Sequence[Row]) -> None:
        for name in TABLES:
            home.lake.append([row for row in rows if row.table == name])

    return store
