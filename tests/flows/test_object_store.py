"""A home in an object store: a complete night, several machines, and machines that are killed."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from PIL import Image

from classifiers.registry import load
from flows.settings import read_settings
from tasks.classify.stage import label_pictures
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.database.publish import publish
from warehouse.errors import LakeBusy
from warehouse.home import Home
from warehouse.records.runs import begin_run
from warehouse.upkeep.picture_files import check_pictures

pytestmark = pytest.mark.slow

POSTS = 12
PUBLISH_TRIES = 5
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
import os, signal, sys
from pathlib import Path
from tests_night import night
from warehouse.object_store.client import ObjectStore

puts, put = int(sys.argv[2]), ObjectStore.put

def put_or_die(*arguments, **options):
    global puts
    puts -= 1
    if puts < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return put(*arguments, **options)

ObjectStore.put = put_or_die
night(Path(sys.argv[1]))
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
    """The settings file on a machine with its own work folder, or of a home in a folder."""

    def make(machine: str, home: str | None = None) -> Path:
        (folder := tmp_path / machine).mkdir(exist_ok=True)
        for file in posts.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        text = SETTINGS.format(home=home or s3.url, cache="work", endpoint=s3.endpoint)
        (folder / "likelens.toml").write_text(text)
        return folder / "likelens.toml"

    return make


def night(file: Path) -> Home:
    """Do the stages of a night without Prefect: a flow's start alone takes longer than they do."""
    settings = read_settings(file)
    home = settings.home
    home.prepare()
    own = home.own_runs()
    journal = begin_run(home.lake, own=own)
    home.note_run(journal.run_id)
    for source in settings.sources:
        spool = Spool(home.spool(journal.run_id) / f"{source.name}.jsonl")
        scrape_source(ScrapeJob(home, source, spool, ScrapeOptions()), lambda *_: None)
    folders = tuple(folder for source in settings.sources for folder in source.folders)
    fetch_pictures(home, FetchOptions(folders=folders), lambda *_: None)
    for lane in settings.classifiers:
        label_pictures(home, load(lane.kind, lane.name, lane.options), lambda *_: None)
    publish_with_retries(home)
    home.share_state()
    return home


def publish_with_retries(home: Home) -> None:
    """Publish as the task does, which tries again where another machine has computed the same table meanwhile."""
    for _ in range(PUBLISH_TRIES - 1):
        try:
            return publish(home)
        except LakeBusy:
            continue
    return publish(home)


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

    again = likelens(other, "run", **keys)
    assert again.returncode == 0, again.stderr[-3000:]
    assert rows_of(read_settings(other / "likelens.toml").home) == first

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


def test_two_machines_at_once_lose_and_double_nothing(s3: Any, settings_of: Callable[..., Path]) -> None:
    """Two nights at the same time, on a store that is slow and fails, end with the rows of one."""
    expected = rows_of(night(settings_of("local", "data")))
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
    assert rows_of(night(files[0])) == expected


def test_a_machine_that_is_killed_in_the_middle_resumes(
    settings_of: Callable[..., Path], tmp_path: Path
) -> None:
    """Killed before two of its requests, it ends with the rows of an undisturbed night, and so does another machine."""
    expected = rows_of(night(settings_of("local", "data")))
    (tmp_path / "tests_night.py").write_text(Path(__file__).read_text("utf-8"), "utf-8")
    killed, other = settings_of("killed"), settings_of("other")
    root = Path(__file__).resolve().parents[2]
    for puts in (50, 8):
        ended = subprocess.run(
            [sys.executable, "-c", KILLED, str(killed), str(puts)],
            cwd=root,
            env={**os.environ, "PYTHONPATH": f"{tmp_path}:{root}"},
            capture_output=True,
            timeout=600,
            check=False,
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert rows_of(night(other)) == expected
    assert rows_of(night(killed)) == expected


def test_a_home_folder_moves_into_a_store(s3: Any, settings_of: Callable[..., Path]) -> None:
    """Its files, copied as the docs say, are the home; a night there adds nothing."""
    home = night(settings_of("local", "data"))
    for top, below in (("lake", ""), ("pictures", ""), ("authors", "state/")):
        for file in (home.folder / top).rglob("*"):
            if file.is_file():
                s3.store().put(f"{below}{file.relative_to(home.folder).as_posix()}", file)
    moved = night(settings_of("moved"))
    assert rows_of(moved) == rows_of(home)
    assert moved.authors().stored("carl") == home.authors().stored("carl")
