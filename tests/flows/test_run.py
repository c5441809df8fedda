"""`likelens run` as its user runs it: a process of its own, a real gallery, real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import duckdb

from flows.demo.gallery import demo_gallery
from flows.demo.server import GalleryServer

SETTINGS = """
[[sources]]
name = "demo"
kind = "gallery"
profile = "imgrum"
url = "{url}"
[scrape]
delay_seconds = 0
[fetch]
allow_private_hosts = ["127.0.0.1"]
[[classifiers]]
name = "visual"
kind = "visual"
"""


def likelens(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("likelens")), *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, check=False)


def test_a_run_stores_the_gallery_exactly_and_a_second_adds_observations_only(tmp_path: Path) -> None:
    """Posts, counts and pictures come out as the gallery has them; a second run adds observations only."""
    gallery, pictures = demo_gallery(posts=30)
    counts = []
    with GalleryServer([gallery], pictures) as server:
        (tmp_path / "likelens.toml").write_text(SETTINGS.format(url=server.url(gallery)))
        for _ in range(2):
            ran = likelens(tmp_path, "run")
            assert ran.returncode == 0, ran.stderr[-3000:]
            with duckdb.connect(str(tmp_path / "data" / "likelens.duckdb"), read_only=True) as database:
                counts.append(
                    [
                        database.execute(f"select count(*) from {table}").fetchall()[0][0]
                        for table in (
                            "posts",
                            "post_pictures",
                            "pictures",
                            "fetches",
                            "labels",
                            "observations",
                        )
                    ]
                )
                found = database.execute(
                    "select post_id, likes, comments from latest_observations"
                ).fetchall()
    assert counts[0][:5] == counts[1][:5]
    assert counts[1][5] == 2 * counts[0][5]
    assert sorted(found) == sorted((post.post_id, post.likes, post.comments) for post in gallery.posts)
    shown = likelens(tmp_path, "rank", "--classifier", "visual", "--by", "likes", "--format", "json")
    assert json.loads(shown.stdout)[0]["rank"] == 1


def test_missing_settings_are_told_in_words(tmp_path: Path) -> None:
    """Without a settings file the status is 2, and the message says how to begin."""
    ran = likelens(tmp_path, "run")
    assert ran.returncode == 2
    assert "There is no settings file" in ran.stderr and "Traceback" not in ran.stderr
