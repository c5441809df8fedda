"""What is checked before any work, each with a sentence that says what to do."""

from __future__ import annotations

import importlib.util
import socket
from typing import Any

import pytest

from tasks.cluster import versions
from tasks.cluster.opening import ClusterSession, open_cluster
from tasks.cluster.options import ClusterOptions
from tasks.cluster.versions import check_versions, differences, installed_versions
from tasks.errors import ClusterUnavailable


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize(
    ("runner", "address", "start"),
    [("dask", "tcp://127.0.0.1", "dask scheduler"), ("ray", "ray://127.0.0.1", "ray start --head")],
)
def test_an_address_where_nothing_listens(runner: Any, address: str, start: str) -> None:
    """The message has the address, the command that starts a cluster, and the table of the settings."""
    full = f"{address}:{free_port()}"
    with pytest.raises(ClusterUnavailable) as raised, open_cluster(ClusterOptions(runner, full)):
        pass
    assert all(part in str(raised.value) for part in (full, start, "[classify]"))


def test_an_extra_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the command that installs it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with (
        pytest.raises(ClusterUnavailable, match=r'pip install "likelens\[ray\]"'),
        open_cluster(ClusterOptions("ray")),
    ):
        pass


def test_a_cluster_that_can_not_be_opened_is_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other lanes of the run fail with the same sentence at once."""
    with ClusterSession(ClusterOptions("dask", f"tcp://127.0.0.1:{free_port()}")) as session:
        with pytest.raises(ClusterUnavailable) as first:
            session.open()
        monkeypatch.setattr("tasks.cluster.opening.open_cluster", None)
        with pytest.raises(ClusterUnavailable) as second:
            session.open()
    assert str(first.value) == str(second.value)


def test_workers_with_the_same_packages_pass(cluster_stand_in: Any) -> None:
    """Their names are returned."""
    assert check_versions(cluster_stand_in.StandInCluster()) == ["one", "two"]


def test_workers_with_other_packages_are_refused(
    cluster_stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the worker, the package and both versions."""
    other = {**installed_versions(), "numpy": "1.0"}
    monkeypatch.setattr(versions, "worker_versions", lambda: other)
    with pytest.raises(ClusterUnavailable, match=r"worker one .*numpy .* here and 1\.0 there"):
        check_versions(cluster_stand_in.StandInCluster())
    check_versions(cluster_stand_in.StandInCluster(), ("pillow",))


def test_a_missing_package_and_another_python_are_differences() -> None:
    """Each is a text with both sides."""
    assert differences({"Python": "3.11", "ray": ""}, {"Python": "3.12", "ray": "2.0"}) == [
        "Python 3.11 here and 3.12 there",
        "ray missing here and 2.0 there",
    ]


def test_a_worker_without_likelens(cluster_stand_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says to install it there."""

    def fail() -> None:
        raise ModuleNotFoundError("No module named 'tasks'", name="tasks")

    monkeypatch.setattr(versions, "worker_versions", fail)
    with pytest.raises(
        ClusterUnavailable, match=r"can't import tasks\. Install the same version of likelens"
    ):
        check_versions(cluster_stand_in.StandInCluster())


def test_a_worker_that_dies_or_hangs_at_its_first_work(
    cluster_stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are reported with the worker's name."""

    def die() -> None:
        raise cluster_stand_in.Death

    monkeypatch.setattr(versions, "worker_versions", die)
    with pytest.raises(ClusterUnavailable, match="died at the first piece of work"):
        check_versions(cluster_stand_in.StandInCluster())
    cluster = cluster_stand_in.StandInCluster()
    monkeypatch.setattr(cluster, "submit", lambda *_, **__: cluster_stand_in.Future())
    monkeypatch.setattr(versions, "RESPONSE_SECONDS", 0.0)
    with pytest.raises(ClusterUnavailable, match="did not respond within"):
        check_versions(cluster)
