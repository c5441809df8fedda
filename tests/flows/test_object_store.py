"""A home in an object store: a complete night, several machines, and machines that are killed."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import duckdb
import numpy as np
import pytest
from PIL import Image

from flows.settings import read_settings
from tests.night_stages import night
from warehouse.home import Home
from warehouse.upkeep.picture_files import check_pictures

pytestmark = pytest.mark.slow

POSTS = 12
SETTINGS = """
home = "{home}"

[storage]
cache = "{cache}"
endpoint = "{endpoint}"
region = "us-east-1"

[[sources]]
name = "lines"
kind = "jsonl"
file = "posts.jsonl"

[[classifiers]]
name = "visual"
kind = "visual"
"""
ROWS = {
    "posts": "select source, post_id, account, caption from posts",
    "post_pictures": "select post_id, position, sha256 from post_pictures",
    "observations": "select post_id, observed_at, likes, comments from observations",
    "comments": "select post_id, comment_id, text from comments",
    "pictures": "select sha256, bytes, width, height, format, path from pictures",
    "labels": "select sha256, classifier, version, region, rank, label, score from labels",
    "post_labels": "select post_id, label, score, likes, comments from post_labels",
    "unlabelled": "select sha256, reason from unlabelled",
}
"""What must not depend on the place, on kills, or on other machines."""
KILLED = """
import os, signal
from pathlib import Path
from tests.night_stages import night
from warehouse.object_store.client import ObjectStore

puts, put = {puts}, ObjectStore.put

def put_or_die(*arguments, **options):
    global puts
    puts -= 1
    if puts < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return put(*arguments, **options)

ObjectStore.put = put_or_die
night(Path({settings!r}))
"""


def write_posts(folder: Path) -> None:
    """Write posts of two accounts, each with a picture of its own; one picture is larger than a block."""
    random = np.random.default_rng(5)
    rows = []
    for number in range(POSTS):
        side = 500 if number == 0 else 24
        pixels = random.integers(0, 255, (side, side, 3), dtype=np.uint8)
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, "PNG")
        (folder / f"{number}.png").write_bytes(data.getvalue())
        row = {
            "v": 1,
            "account": "ann" if number % 2 else "mallory",
            "post_id": str(100 + number),
            "url": f"https://pix.example/p/{number}",
            "posted_at": f"2026-10-{number + 1:02}T10:00:00Z",
            "observed_at": "2026-11-20T03:00:00Z",
            "likes": 100 + 7 * number,
            "comments": number,
            "pictures": [f"{number}.png"],
            "thread": [{"comment_id": f"c{number}", "author": "carl", "text": f"Lovely {number}"}],
        }
        rows.append(json.dumps(row))
    (folder / "posts.jsonl").write_text("\n".join(rows) + "\n", "utf-8")


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the posts."""
    write_posts(folder := tmp_path_factory.mktemp("posts"))
    return folder


@pytest.fixture
def settings_of(s3: Any, posts: Path, tmp_path: Path) -> Callable[[str], Path]:
    """The settings file on a machine with its own work folder."""
    return lambda machine: write_settings(tmp_path / machine, posts, s3.url, s3.endpoint)


def write_settings(folder: Path, posts: Path, home: str, endpoint: str) -> Path:
    """Write the settings of a machine with the posts; returns their file."""
    shutil.copytree(posts, folder)
    (folder / "likelens.toml").write_text(SETTINGS.format(home=home, cache="work", endpoint=endpoint))
    return folder / "likelens.toml"


@pytest.fixture(scope="module")
def local(posts: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home after an undisturbed night in a folder, which tests only read."""
    return night(
        write_settings(tmp_path_factory.mktemp("local") / "one", posts, "data", "http://127.0.0.1:9")
    )


def rows_of(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of the published database that must not depend on the place."""
    with duckdb.connect(str(home.database), read_only=True) as database:
        return {name: database.execute(f"{query} order by all").fetchall() for name, query in ROWS.items()}


def pictures_in_store(s3: Any) -> set[str]:
    """The picture objects."""
    return {one.name for one in s3.store().list("pictures")}


def test_a_complete_night_in_an_object_store(
    s3: Any, settings_of: Callable[..., Path], likelens: Any, command: Any
) -> None:
    """One machine runs, another one runs again, an analyst pulls, and what is forgotten leaves the store."""
    one, other, analyst = (settings_of(name).parent for name in ("one", "other", "analyst"))
    keys = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    ran = likelens(one, "run", **keys)
    assert ran.returncode == 0, ran.stderr[-3000:]
    home = read_settings(one / "likelens.toml").home
    first = rows_of(home)
    assert {name: len(rows) for name, rows in first.items()} == {
        **dict.fromkeys(("posts", "post_pictures", "observations", "comments", "pictures"), POSTS),
        **{name: len(first[name]) for name in ("labels", "post_labels")},
        "unlabelled": 0,
    }
    assert {path for *_, path in first["pictures"]} == pictures_in_store(s3)
    assert [file for file in home.pictures.rglob("*") if file.is_file()] == []
    assert check_pictures(home, check_all=True, progress=lambda *_: None).checked == POSTS

    assert rows_of(night(other / "likelens.toml")) == first

    s3.proxy.clear()
    pulled = command(analyst, "pull")
    assert pulled.returncode == 0, pulled.stderr
    ranking = ("rank", "--classifier", "visual", "--by", "likes", "--statistic", "mean", "--format", "csv")
    assert command(analyst, *ranking).stdout == command(other, *ranking).stdout != ""
    assert rows_of(read_settings(analyst / "likelens.toml").home) == first
    page = Path(command(analyst, "report").stdout.strip())
    assert page.is_relative_to(analyst) and "data:image/webp;base64," in page.read_text("utf-8")
    assert set(s3.proxy.counts()) == {"list", "get"}  # an analyst may only read

    removed = command(other, "forget", "--account", "mallory", "--yes")
    assert removed.returncode == 0, removed.stderr
    left = rows_of(read_settings(other / "likelens.toml").home)
    assert len(left["posts"]) == POSTS // 2
    assert {path for *_, path in left["pictures"]} == pictures_in_store(s3)
    for stored in s3.store().list(""):
        assert b"mallory" not in s3.store().get(stored.name), stored.name
    assert command(analyst, "pull").returncode == 0
    assert rows_of(read_settings(analyst / "likelens.toml").home) == left


def test_two_machines_at_once_lose_and_double_nothing(
    s3: Any, settings_of: Callable[..., Path], local: Home
) -> None:
    """Two nights at the same time, on a store that is slow and fails, end with the rows of one."""
    files = [settings_of(name) for name in ("one", "other")]
    s3.fail_at_random(seed=11, rate=0.05)
    problems: list[Exception] = []

    def run(file: Path) -> None:
        try:
            night(file)
        except Exception as error:  # noqa: BLE001 - the test reports it
            problems.append(error)

    threads = [threading.Thread(target=run, args=(file,)) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    s3.fail()
    assert rows_of(night(files[0])) == rows_of(local)


def test_a_machine_that_is_killed_in_the_middle_resumes(
    settings_of: Callable[..., Path], local: Home, tmp_path: Path, fork_server: str, forking: ModuleType
) -> None:
    """Killed before two of its requests, it ends with the rows of an undisturbed night, and so does another machine."""
    killed, other = settings_of("killed"), settings_of("other")
    for puts in (50, 8):
        program = KILLED.format(puts=puts, settings=str(killed))
        start = {"cwd": tmp_path, "env": os.environ, "timeout": 600}
        ended = forking.run_forked(fork_server, forking.PROGRAM, [program], **start)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert rows_of(night(other)) == rows_of(local)
    assert rows_of(night(killed)) == rows_of(local)


def test_a_home_folder_moves_into_a_store(s3: Any, settings_of: Callable[..., Path], local: Home) -> None:
    """Its files, copied as the docs say, are the home; a night there adds nothing."""
    for top, below in (("lake", ""), ("pictures", ""), ("authors", "state/")):
        for file in (local.folder / top).rglob("*"):
            if file.is_file():
                s3.store().put(f"{below}{file.relative_to(local.folder).as_posix()}", file)
    moved = night(settings_of("moved"))
    assert rows_of(moved) == rows_of(local)
    assert moved.authors().stored("carl") == local.authors().stored("carl")
