"""`likelens run` on a real gallery with real files, and the commands that read what it published."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from click.shell_completion import ShellComplete

from flows.cli import cli
from flows.run_summary import print_run, read_last_run
from flows.settings import questions, read_settings
from warehouse.database.publish import publish

NEW_ROWS = ("posts", "post_pictures", "pictures", "fetches", "labels", "comments")


def query(folder: Path, sql: str) -> list[tuple]:
    """Query the published database with plain DuckDB."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        return database.execute(sql).fetchall()


def test_posts_counts_and_pictures_are_those_of_the_gallery(ran, site):
    """The tables have the gallery's posts, their likes and comments, and the hashes of their pictures."""
    server, gallery = site
    observed = query(ran, "select post_id, likes, comments from latest_observations order by 1")
    assert observed == sorted((post.post_id, post.likes, post.comments) for post in gallery.posts)
    stored = query(ran, "select post_id, kind, posted_at, caption, place from posts order by 1")
    assert stored == sorted(
        (post.post_id, post.kind, post.posted_at.replace(tzinfo=None), post.caption, post.place)
        for post in gallery.posts
    )
    hashes = query(ran, "select post_id, position, sha256 from post_pictures order by all")
    assert hashes == sorted(
        (post.post_id, position, hashlib.sha256(server.pictures[path]).hexdigest())
        for post in gallery.posts
        for position, path in enumerate(post.pictures)
    )


def test_a_second_run_adds_observations_only_and_an_open_session_does_not_see_it(ran, tmp_path, likelens):
    """A read-only session that is open during a run reads the old tables; a new one reads the new tables."""
    shutil.copytree(ran, tmp_path, dirs_exist_ok=True)
    publish(read_settings(tmp_path / "likelens.toml").home)
    counts = "select " + ", ".join(f"(select count(*) from {name})" for name in NEW_ROWS)
    observations = "select count(*), sum(likes) from observations"
    with duckdb.connect(str(tmp_path / "data" / "likelens.duckdb"), read_only=True) as session:
        before = session.execute(observations).fetchall()
        rows = session.execute(counts).fetchall()
        assert likelens(tmp_path, "run").returncode == 0
        assert session.execute(observations).fetchall() == before
    assert query(tmp_path, counts) == rows
    assert query(tmp_path, "select count(*), count(distinct observed_at) > 1 from observations")[0] == (
        before[0][0] * 2,
        True,
    )


def test_the_commands_after_a_run_show_it(ran, command):
    """rank, sql, status and report show the published tables, for people and for programs."""
    arguments = ("rank", "--classifier", "visual", "--by", "likes", "--top", "3", "--format")
    ranked = json.loads(command(ran, *arguments, "json").stdout)
    assert [row["rank"] for row in ranked] == [1, 2, 3]
    assert list(ranked[0])[:9] == ["rank", "label", "posts", "accounts", "lift", "low", "high", "p", "q"]
    macro = command(ran, "sql", "--format", "json", "from top_lifts('visual', by := 'likes', n := 3)")
    assert json.loads(macro.stdout) == ranked
    csv = command(ran, *arguments, "csv")
    assert csv.stdout.splitlines()[0].startswith("rank,label,posts,accounts,lift,low,high")
    assert "posts compared; left out" in csv.stderr
    table = command(ran, *arguments, "table").stdout
    assert ranked[0]["label"] in table
    assert "●" in table
    assert "posts compared; left out" in table
    means = json.loads(command(ran, *arguments, "json", "--statistic", "mean").stdout)
    assert list(means[0])[:7] == ["rank", "label", "posts", "accounts", "total", "mean", "median"]
    macro = command(ran, "sql", "--format", "json", "from top_labels('visual', by := 'likes', n := 3)")
    assert [{name: row[name] for name in means[0]} for row in json.loads(macro.stdout)] == means
    status = command(ran, "status")
    assert status.returncode == 0
    assert "scrape" in status.stdout
    assert "0 pictures are pending" in status.stdout
    page = Path(command(ran, "report").stdout.strip())
    assert page.read_text().startswith("<!")
    for suffix in ("svg", "png", "html", "csv"):
        assert (ran / "data" / "report" / f"visual-likes-lift.{suffix}").stat().st_size > 0


def test_sql_can_not_change_or_leave_the_database(ran, command, tmp_path):
    """A query that writes, or reads a file outside the database, is refused with a message."""
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for sql in (
        "drop view posts",
        "create table t (a int)",
        f"copy posts to '{tmp_path}/out.csv'",
        f"from '{tmp_path}/secret.csv'",
        "select * from nothing",
    ):
        refused = command(ran, "sql", sql)
        assert refused.returncode in (1, 2), sql
        assert refused.stdout == ""
        assert refused.stderr.startswith("likelens: ")
    assert not (tmp_path / "out.csv").exists()


def test_a_run_ends_with_its_findings(ran, capsys):
    """The findings are sentences with their number of posts; then come the paths."""
    settings = read_settings(ran / "likelens.toml")
    print_run(settings.home, read_last_run(settings.home), questions(settings), None, with_stages=False)
    shown = capsys.readouterr().out
    findings = [line for line in shown.splitlines() if line.startswith("  - ")]
    assert shown.startswith("\nFindings:\n") and 1 <= len(findings) <= 7
    assert all("posts" in line for line in findings)
    assert shown.endswith(f"Database  {settings.home.database}\n") and "Incomplete" not in shown


@pytest.mark.parametrize(
    ("arguments", "typed", "completed"),
    [
        (["rank", "--classifier"], "", ["visual"]),
        (["rank", "--classifier", "visual", "--account"], "like", ["likelens_demo"]),
        (["rank", "--classifier", "visual", "--within"], "single", ["single dominant colour"]),
        (["rank", "--statistic"], "med", ["median"]),
        (["relabel", "--classifier"], "v", ["visual"]),
        (["rank", "--config", "none.toml", "--classifier"], "", []),
        ([], "rel", ["relabel"]),
    ],
)
def test_a_shell_completes_names(ran, monkeypatch, capsys, arguments, typed, completed):
    """Names come from the database and the settings; without them nothing is completed or printed."""
    monkeypatch.chdir(ran)
    found = ShellComplete(cli, {}, "likelens", "_LIKELENS_COMPLETE").get_completions(arguments, typed)
    assert [one.value for one in found] == completed
    assert capsys.readouterr() == ("", "")


SLOW = {
    "tensorflow",
    "keras",
    "scrapy",
    "prefect",
    "scipy",
    "numpy",
    "pyarrow",
    "pandas",
    "altair",
    "grpc",
    "filelock",
}
"""Libraries that take a tenth of a second to ten seconds to import."""
STATUS_NEEDS = {"numpy", "pyarrow", "filelock"}
"""It reads the lake, for it also shows runs that published nothing."""


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], {"click"}),
        (["rank", "--classifier", "visual", "--by", "likes"], {"click", "duckdb", "pydantic"}),
        (
            ["rank", "--classifier", "visual", "--by", "likes", "--statistic", "mean"],
            {"click", "duckdb", "polars", "pydantic"},
        ),
        (["sql", "select count(*) from posts"], {"click", "duckdb", "polars", "pydantic"}),
        (["status"], {"click", "duckdb", "polars", "pydantic"} | STATUS_NEEDS),
    ],
)
def test_a_short_command_imports_no_slow_library(ran, arguments, allowed):
    """A command that a person waits for imports what it needs."""
    program = (
        "import sys; from flows.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit as end: print(end.code, *sorted(sys.modules), file=sys.stderr)"
    )
    process = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=ran, capture_output=True, text=True, check=True
    )
    status, *modules = process.stderr.splitlines()[-1].split()
    imported = {name.partition(".")[0] for name in modules}
    known = SLOW | {"click", "duckdb", "polars", "pydantic"}
    assert status == "0" and imported & known == allowed
