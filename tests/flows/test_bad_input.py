"""What can go wrong with a run: each error is a few lines and a status that is not 0, and no file is half-written."""

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
comments = false
[fetch]
allow_private_hosts = ["127.0.0.1"]
"""
VISUAL = '[[classifiers]]\nname = "visual"\nkind = "visual"\n'


@pytest.fixture(scope="module")
def strange() -> Iterator[dict[str, str]]:
    """Addresses of accounts: a good one, a private one, an unknown one, one on a host that refuses connections."""
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


def checked(ran: subprocess.CompletedProcess[str], status: int, *words: str) -> str:
    """Return the output, after checks of the status, the words, and that there is no traceback."""
    output = ran.stdout + ran.stderr
    assert ran.returncode == status, output[-3000:]
    assert "Traceback" not in output
    assert "NoneType" not in output
    assert all(word in output for word in words), output[-3000:]
    return output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (None, ["There is no settings file", "likelens demo"]),
        ("[[sources]\n", ["not TOML", "line 1"]),
        ('hoome = "x"\n', ["unknown key hoome", "did you mean home"]),
    ],
    ids=["missing", "malformed", "unknown key"],
)
def test_wrong_settings_end_with_2_before_anything_is_made(tmp_path, command, text, words):
    """The message is a few lines on standard error, and no folder appears."""
    if text is not None:
        (tmp_path / "likelens.toml").write_text(text)
    output = checked(command(tmp_path, "run"), 2, *words)
    assert len(output.splitlines()) < 16
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_a_failing_source_or_classifier_does_not_stop_the_others(tmp_path, likelens, strange):
    """Private, unknown and silent accounts and a file that is no model each have their line; the rest is published."""
    (tmp_path / "small.onnx").write_bytes(b"no model at all")
    (tmp_path / "labels.txt").write_text("cat\ndog\n")
    lane = '[[classifiers]]\nname = "small"\nkind = "onnx"\nmodel = "small.onnx"\nlabels = "labels.txt"\n'
    write(tmp_path, strange, VISUAL + lane)
    output = checked(
        likelens(tmp_path, "run"), 3, "scrape hidden", "scrape unknown", "scrape silent", "small.onnx"
    )
    summary = output[output.index("\nRun ") :]
    assert re.search(r"hidden +failed .*followers only", summary)
    assert re.search(r"unknown +failed .*(404|no such account)", summary)
    assert re.search(r"silent +failed .*the connection was refused.*Check the url and its port", summary)
    assert re.search(r"good +done +6", summary)
    assert re.search(r"classify small +failed .*is not an ONNX model", summary)
    assert re.search(r"classify visual +done", summary)
    with duckdb.connect(str(tmp_path / "data" / "likelens.duckdb"), read_only=True) as database:
        assert database.execute("select distinct source from posts").fetchall() == [("good",)]
        failed = "select lane from runs where stage = 'scrape' and status = 'failed' order by 1"
        assert database.execute(failed).fetchall() == [("hidden",), ("silent",), ("unknown",)]


@pytest.mark.slow
def test_a_run_with_nothing_to_publish_fails(tmp_path, likelens, strange):
    """No account can be read: status 1 with each reason, and no database. A failed task logs one error."""
    write(tmp_path, {name: url for name, url in strange.items() if name != "good"})
    output = checked(likelens(tmp_path, "run"), 1, "Retry 2/2")
    errors = [line for line in output.splitlines() if "| ERROR" in line]
    (error,) = [line for line in errors if "scrape silent" in line]
    assert "Task run 'scrape silent' - Finished in state Failed(" in error
    summary = output[output.rindex("\nFailed: ") :]
    for text in (error, summary):
        assert text.count("can't be reached") == 1
    assert all(f"scrape {name}: failed." in summary for name in ("hidden", "unknown", "silent"))
    assert not (tmp_path / "data" / "likelens.duckdb").exists()


@pytest.mark.slow
def test_a_full_disk_stops_the_run_with_a_message_and_the_next_run_resumes(tmp_path, likelens, strange):
    """On a full disk no file is half-written; with free space again the run is complete."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", "size=80m", "none", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("a small file system needs the right to mount one")
    try:
        write(tmp_path, {"good": strange["good"]}, rest="")
        settings = (tmp_path / "likelens.toml").read_text()
        (tmp_path / "likelens.toml").write_text('home = "disk"\n' + settings)
        (disk / "ballast").write_bytes(bytes(40_000_000))
        output = checked(likelens(tmp_path, "run"), 1, "is full", "Free some space")
        assert len(output.splitlines()) < 20
        assert not (disk / "likelens.duckdb").exists()
        (disk / "ballast").unlink()
        checked(likelens(tmp_path, "run"), 0)
        with duckdb.connect(str(disk / "likelens.duckdb"), read_only=True) as database:
            assert database.execute("select count(*) from posts").fetchall() == [(6,)]
    finally:
        subprocess.run(["/bin/umount", "-l", str(disk)], check=False)


def test_wrong_usage_is_reported(tmp_path, command, strange):
    """Before the first run, and for unknown classifiers, each command says what is missing."""
    write(tmp_path, {"good": strange["good"]})
    for words in (("rank", "--classifier", "visual", "--by", "likes"), ("report",), ("sql", "select 1")):
        checked(command(tmp_path, *words), 1, "likelens run")
    checked(command(tmp_path, "rank", "--classifier", "visual", "--by", "hearts"), 2, "likes")
    checked(command(tmp_path, "relabel", "--classifier", "nothing"), 2, "visual")
