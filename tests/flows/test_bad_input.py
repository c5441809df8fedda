"""What can be wrong around a run: told in a few lines, with a status that is not 0, and nothing half-written."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from flows.demo.gallery import demo_gallery
from flows.demo.server import GalleryServer

GALLERY = '[[sources]]\nname = "{name}"\nkind = "gallery"\nprofile = "imgrum"\nurl = "{url}"\n'
REST = """
[scrape]
delay_seconds = 0
[fetch]
allow_private_hosts = ["127.0.0.1"]
"""
VISUAL = '[[classifiers]]\nname = "visual"\nkind = "visual"\n'


@pytest.fixture(scope="module")
def strange() -> Iterator[dict[str, str]]:
    """Addresses of accounts: a good one, a private one, an unknown one, one on a host that does not answer."""
    good, pictures = demo_gallery(posts=6, account="good")
    hidden = replace(demo_gallery(posts=3, account="hidden", seed=8)[0], private=True)
    with socket.socket() as closed, GalleryServer([good, hidden], pictures) as server:
        closed.bind(("127.0.0.1", 0))
        yield {
            "good": server.url(good),
            "hidden": server.url(hidden),
            "unknown": server.base + "/user/nobody/1",
            "silent": f"http://127.0.0.1:{closed.getsockname()[1]}/user/a/1",
        }


def write(folder: Path, sources: dict[str, str], rest: str = VISUAL) -> None:
    """Write settings with these sources."""
    text = "".join(GALLERY.format(name=name, url=url) for name, url in sources.items())
    (folder / "likelens.toml").write_text(text + REST + rest)


def told(ran: subprocess.CompletedProcess[str], status: int, *words: str) -> str:
    """What the run said, after checks that hold for all: no traceback, the words, the status."""
    said = ran.stdout + ran.stderr
    assert ran.returncode == status, said[-3000:]
    assert "Traceback" not in said
    assert "NoneType" not in said
    assert all(word in said for word in words), said[-3000:]
    return said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["There is no settings file", "likelens demo"]),
        ("[[sources]\n", ["not TOML", "line 1"]),
        ('hoome = "x"\n', ["unknown key hoome", "did you mean home"]),
    ],
    ids=["missing", "malformed", "unknown key"],
)
def test_wrong_settings_end_with_2_before_anything_is_made(tmp_path, likelens, text, words):
    """The message is a few lines on standard error, and no folder appears."""
    if text is not None:
        (tmp_path / "likelens.toml").write_text(text)
    said = told(likelens(tmp_path, "run"), 2, *words)
    assert len(said.splitlines()) < 16
    assert not (tmp_path / "data").exists()


def test_a_source_that_fails_is_named_and_the_others_go_on(tmp_path, likelens, strange):
    """Private, unknown and silent accounts each get their line; what the good one shows is published."""
    write(tmp_path, strange)
    said = told(likelens(tmp_path, "run"), 3, "scrape hidden", "scrape unknown", "scrape silent")
    summary = said[said.index("\nRun ") :]
    assert re.search(r"hidden +failed .*followers only", summary)
    assert re.search(r"unknown +failed .*(404|no such account)", summary)
    assert re.search(r"silent +failed .*the connection was refused.*Check the url and its port", summary)
    assert re.search(r"good +done +6", summary)
    with duckdb.connect(str(tmp_path / "data" / "likelens.duckdb"), read_only=True) as database:
        assert database.execute("select distinct source from posts").fetchall() == [("good",)]
        failed = "select lane from runs where stage = 'scrape' and status = 'failed' order by 1"
        assert database.execute(failed).fetchall() == [("hidden",), ("silent",), ("unknown",)]


def test_a_task_that_fails_after_its_retries_is_one_error_with_its_message(tmp_path, likelens, strange):
    """Standard error has one line at the level ERROR for the task; the summary at the end repeats why."""
    write(tmp_path, {"silent": strange["silent"]})
    said = told(likelens(tmp_path, "run"), 1, "Retry 2/2")
    (error,) = [line for line in said.splitlines() if "| ERROR" in line]
    assert "Task run 'scrape-silent' - Finished in state Failed(" in error
    summary = said[said.rindex("\nFailed: ") :]
    for text in (error, summary):
        assert text.count("can't be reached") == 1


@pytest.mark.parametrize("account", ["hidden", "unknown"])
def test_a_run_with_nothing_to_publish_fails(tmp_path, likelens, strange, account):
    """The only account can't be read: status 1, why and what to do, and no database."""
    write(tmp_path, {account: strange[account]})
    said = told(likelens(tmp_path, "run"), 1, "Failed:")
    assert account in said[said.rindex("Failed:") :]
    assert not (tmp_path / "data" / "likelens.duckdb").exists()


def test_weights_that_do_not_fit_cost_their_lane_alone(tmp_path, likelens, strange):
    """The lane says what is wrong with its file; the other lane is published, the status is 3."""
    (tmp_path / "weights.h5").write_bytes(b"no weights at all")
    lane = (
        '[[classifiers]]\nname = "small"\nkind = "keras"\napplication = "MobileNet"\nweights = "weights.h5"\n'
    )
    write(tmp_path, {"good": strange["good"]}, VISUAL + lane)
    said = told(likelens(tmp_path, "run"), 3, "weights.h5")
    assert re.search(r"classify small +failed .*do not fit MobileNet", said[said.index("\nRun ") :])
    assert re.search(r"classify visual +done +6", said) or re.search(r"classify visual +done", said)


def test_a_full_disk_stops_the_run_in_words_and_the_next_makes_it_whole(tmp_path, likelens, strange):
    """On a disk that fills up nothing is half-written: with room again the run is as any other."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=80m", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system needs the right to mount one")
    try:
        write(tmp_path, {"good": strange["good"]})
        settings = (tmp_path / "likelens.toml").read_text()
        (tmp_path / "likelens.toml").write_text('home = "disk"\n' + settings)
        (disk / "ballast").write_bytes(bytes(40_000_000))
        said = told(likelens(tmp_path, "run"), 1, "is full", "Free some space")
        assert len(said.splitlines()) < 20
        assert not (disk / "likelens.duckdb").exists()
        (disk / "ballast").unlink()
        told(likelens(tmp_path, "run"), 0)
        with duckdb.connect(str(disk / "likelens.duckdb"), read_only=True) as database:
            assert database.execute("select count(*) from posts").fetchall() == [(6,)]
    finally:
        subprocess.run(["/bin/umount", "-l", str(disk)], check=False)


def test_wrong_usage_is_told_by_the_command(tmp_path, likelens, strange):
    """Before the first run, and for unknown classifiers, each command says what is missing."""
    write(tmp_path, {"good": strange["good"]})
    for command in (("rank", "--classifier", "visual", "--by", "likes"), ("report",), ("sql", "select 1")):
        told(likelens(tmp_path, *command), 1, "likelens run")
    told(likelens(tmp_path, "rank", "--classifier", "visual", "--by", "hearts"), 2, "likes")
    told(likelens(tmp_path, "relabel", "--classifier", "nothing"), 2, "visual")
