"""The environment that a run prepares for the libraries it uses."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path

import pytest

from flows import environment

PROXY = "http://proxy.example:3128"


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without proxies; what a test changes is undone."""
    names = [name for name in os.environ if name.lower().endswith("_proxy")]
    monkeypatch.setattr(os, "environ", {k: v for k, v in os.environ.items() if k not in names})


@pytest.mark.parametrize("excepted", [None, "intranet.example"])
@pytest.mark.parametrize("variable", ["https_proxy", "HTTP_PROXY", "all_proxy"])
def test_a_proxy_does_not_stand_before_servers_of_this_machine(
    variable: str, excepted: str | None, tmp_path: Path
) -> None:
    """Prefect's temporary server is reached directly, other hosts by the proxy, and exceptions stay."""
    os.environ[variable] = PROXY
    if excepted:
        os.environ["no_proxy"] = excepted
    environment.prepare(tmp_path)
    for host in ("127.0.0.1:4200", "localhost", excepted or "localhost"):
        assert urllib.request.proxy_bypass(host)
    assert not urllib.request.proxy_bypass("pictures.example")


@pytest.mark.parametrize("excepted", ["*", "localhost,127.0.0.1"])
def test_sufficient_exceptions_stay_as_they_are(excepted: str, tmp_path: Path) -> None:
    """They hold already."""
    os.environ.update(https_proxy=PROXY, no_proxy=excepted)
    environment.prepare(tmp_path)
    assert os.environ["no_proxy"] == excepted


def test_without_a_proxy_there_are_no_exceptions(tmp_path: Path) -> None:
    """The variable is not set for nothing."""
    environment.prepare(tmp_path)
    assert "no_proxy" not in os.environ
