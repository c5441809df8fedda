"""A run that is stopped with a signal ends soon with its processes, and the next run resumes it."""

from __future__ import annotations

import os
import signal

import duckdb
import pytest

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(("signum", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_stopped_run_leaves_no_crawl_and_is_resumed(
    signum, status, studio, without_classifiers, prefect, likelens, forking, fork_server
):
    """The run ends while the crawl, a process of its group, waits for its next page, and loses no page that it read."""
    (studio / "likelens.toml").write_text(
        without_classifiers.replace("delay_seconds = 0.02", "delay_seconds = 6")
    )
    start = {"cwd": studio, "env": prefect, "start_new_session": True, "real_crawls": True}
    run, stream = forking.start_forked(fork_server, ["run"], **start)
    with stream:
        assert any("12 posts" in line for line in stream)
        run.send_signal(signum)
        output = stream.read()
    assert run.wait(120) == status, output
    assert "Traceback" not in output
    with pytest.raises(ProcessLookupError):
        os.killpg(run.pid, 0)
    (studio / "likelens.toml").write_text(without_classifiers)
    again = likelens(studio, "run")
    assert again.returncode == 0, again.stderr[-2000:]
    assert "resuming after the 12 posts" in again.stderr
    with duckdb.connect(str(studio / "data" / "likelens.duckdb"), read_only=True) as database:
        counts = "select (select count(*) from posts), (select count(*) from observations)"
        assert database.execute(counts).fetchall() == [(30, 30)]
