"""`likelens run` as its user runs it: a process of its own, a real gallery, real files."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

NEW_ROWS = ("posts", "post_pictures", "pictures", "fetches", "labels")


def rows(folder: Path, query: str) -> list[tuple]:
    """What a plain DuckDB answers from the published database."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        return database.execute(query).fetchall()


@pytest.fixture(scope="module")
def ran(prefect, settings, tmp_path_factory, likelens) -> Path:
    """A folder in which a run has ended."""
    folder = tmp_path_factory.mktemp("ran")
    (folder / "likelens.toml").write_text(settings)
    assert likelens(folder, "run").returncode == 0
    return folder


def test_without_a_server_a_run_brings_its_own_and_the_gallery_comes_out_exactly(studio, site, likelens):
    """Posts, counts and pictures come out as the gallery has them; the second run adds observations only."""
    server, gallery = site
    counts = []
    for environment in ({"PREFECT_API_URL": None, "PREFECT_HOME": None}, {}):
        ran = likelens(studio, "run", **environment)
        assert ran.returncode == 0, ran.stderr[-3000:]
        counts.append(
            [rows(studio, f"select count(*) from {name}")[0][0] for name in (*NEW_ROWS, "observations")]
        )
    assert (studio / "data" / "prefect").is_dir()
    assert counts[0][:5] == counts[1][:5]
    assert counts[1][5] == 2 * counts[0][5]
    found = rows(studio, "select post_id, likes, comments from latest_observations order by 1")
    assert found == sorted((post.post_id, post.likes, post.comments) for post in gallery.posts)
    stored = rows(studio, "select post_id, kind, posted_at, caption, place from posts order by 1")
    assert stored == sorted(
        (post.post_id, post.kind, post.posted_at.replace(tzinfo=None), post.caption, post.place)
        for post in gallery.posts
    )
    hashes = rows(studio, "select post_id, position, sha256 from post_pictures order by all")
    assert hashes == sorted(
        (post.post_id, position, hashlib.sha256(server.pictures[path]).hexdigest())
        for post in gallery.posts
        for position, path in enumerate(post.pictures)
    )


def test_an_open_session_survives_a_run_and_does_not_delay_it(ran, likelens):
    """An analyst's open read-only session answers the same before and after another run."""
    question = "select count(*), sum(likes) from observations"
    with duckdb.connect(str(ran / "data" / "likelens.duckdb"), read_only=True) as session:
        before = session.execute(question).fetchall()
        assert likelens(ran, "run").returncode == 0
        assert session.execute(question).fetchall() == before
    assert rows(ran, question)[0][0] == 2 * before[0][0]


def test_the_commands_after_a_run_show_it(ran, likelens):
    """rank, sql, status and report answer from what was published, as text for people and for programs."""
    asked = ("rank", "--classifier", "visual", "--by", "likes", "--top", "3", "--format")
    ranked = json.loads(likelens(ran, *asked, "json").stdout)
    assert [row["rank"] for row in ranked] == [1, 2, 3]
    assert list(ranked[0])[:7] == ["rank", "label", "posts", "accounts", "total", "mean", "median"]
    macro = likelens(ran, "sql", "--format", "json", "from top_labels('visual', by := 'likes', n := 3)")
    assert json.loads(macro.stdout) == ranked
    assert likelens(ran, *asked, "csv").stdout.splitlines()[0].startswith("rank,label,posts,accounts,total")
    assert ranked[0]["label"] in likelens(ran, *asked, "table").stdout
    status = likelens(ran, "status")
    assert status.returncode == 0
    assert "scrape" in status.stdout
    assert "wait to be fetched" in status.stdout
    page = Path(likelens(ran, "report").stdout.strip())
    assert page.read_text().startswith("<!")
    for ending in ("svg", "png", "html", "csv"):
        assert (ran / "data" / "report" / f"visual-likes-mean.{ending}").stat().st_size > 0


def test_sql_can_not_change_or_leave_the_database(ran, likelens, tmp_path):
    """A query that writes, or reads files that are not ours, is refused in words."""
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for query in (
        "drop view posts",
        "create table t (a int)",
        f"copy posts to '{tmp_path}/out.csv'",
        f"from '{tmp_path}/secret.csv'",
        "select * from nothing",
    ):
        asked = likelens(ran, "sql", query)
        assert asked.returncode in (1, 2), query
        assert asked.stdout == ""
        assert "Traceback" not in asked.stderr
    assert not (tmp_path / "out.csv").exists()
