"""A run and `likelens doctor` with a cluster that is not there."""

from __future__ import annotations

from typing import Any

import pytest

from flows.cluster_settings import ClassifySettings, RunnerSettings, choose_fetch_cluster
from flows.docs_pages import CLUSTER
from flows.preflight import cluster as preflight
from flows.preflight.cluster import check_cluster
from flows.settings import read_settings
from tasks.cluster.options import ClusterOptions


@pytest.mark.slow
def test_a_run_without_its_cluster_fails_only_the_lanes_that_need_it(unlabelled, likelens, free_port):
    """The status names the address; the next run without the cluster labels what was missed."""
    settings, address = unlabelled / "likelens.toml", f"tcp://127.0.0.1:{free_port()}"
    text = settings.read_text("utf-8")
    settings.write_text(f'{text}\n[classify]\nrunner = "dask"\naddress = "{address}"\n', "utf-8")
    failed = likelens(unlabelled, "relabel", "--classifier", "visual")
    assert failed.returncode == 3, failed.stderr[-2000:]
    assert address in failed.stdout + failed.stderr
    settings.write_text(text, "utf-8")
    home = read_settings(settings, sources=False).home
    assert home.lake.query("select count(*) from labels") == [(0,)]


def test_doctor_reports_a_cluster_that_is_not_there(free_port):
    """The line has the page that explains it; nothing is checked where threads label."""
    address = f"tcp://127.0.0.1:{free_port()}"
    (finding,) = check_cluster(ClusterOptions("dask", address))
    assert not finding.good
    assert address in str(finding) and CLUSTER in str(finding)
    assert list(check_cluster(None)) == []


def test_doctor_counts_the_workers_of_a_cluster(monkeypatch: pytest.MonkeyPatch, cluster_stand_in) -> None:
    """Their packages were compared when it was opened."""
    cluster = cluster_stand_in.StandInCluster()

    class Opened:
        def __enter__(self):
            return cluster

        def __exit__(self, *_):
            return None

    monkeypatch.setattr(preflight, "open_cluster", lambda options: Opened())
    (finding,) = check_cluster(cluster.options)
    assert finding.good
    assert "2 workers of Dask at tcp://stand-in:8786 have the same packages" in finding.text


def test_fetching_takes_the_cluster_of_labelling_unless_it_has_its_own() -> None:
    """The same runner alone is the same cluster; another runner, an address or workers are another one."""
    labels = ClassifySettings(runner="dask", address="tcp://host:8786")

    def choose(**values: Any) -> tuple[str | None, int] | None:
        found = choose_fetch_cluster(RunnerSettings(**values), labels)
        assert found is None or found.table == "fetch"
        return None if found is None else (found.address, found.workers)

    assert choose() is None
    assert choose(runner="dask") == ("tcp://host:8786", 2)
    assert choose(runner="dask", workers=3) == (None, 3)
    assert choose(runner="dask", address="tcp://other:8786") == ("tcp://other:8786", 2)
    assert choose(runner="ray") == (None, 2)
