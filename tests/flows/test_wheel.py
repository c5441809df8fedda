"""The wheel runs `likelens demo` outside the checkout, with the environment's packages and without a server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from flows.demo import photographs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("flows", "tasks", "classifiers", "warehouse")
PROGRAM = "import flows; print(flows.__file__); from flows.cli import main; main(['demo'])"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the checkout, and unpack it to a folder."""
    folder = tmp_path_factory.mktemp("wheel")
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / "copy" / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, folder / "copy")
    command = [sys.executable, "-m", "pip", "wheel", ".", "--no-deps", "--no-build-isolation", "-w", folder]
    built = subprocess.run(
        command, cwd=folder / "copy", capture_output=True, text=True, timeout=600, check=False
    )
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    (wheel,) = folder.glob("likelens-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_wheel_runs_the_demo_outside_the_checkout(unpacked, tmp_path, log_errors):
    """The demo prints what its pictures show, and next commands; Prefect's temporary server logs no error."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment.pop("LIKELENS_HOME", None)
    # Without a network the weights of Inception v3 can't be downloaded, and the demo is still a success.
    environment |= {
        "PYTHONPATH": str(unpacked),
        "KERAS_HOME": str(tmp_path),
        "https_proxy": "http://127.0.0.1:9",
    }
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-2000:] + ran.stderr[-3000:]
    assert ran.stdout.startswith(str(unpacked))
    for part in (
        "classify objects         done",
        "Posts that show",
        "times the account's usual likes (",
        "Next, try:",
    ):
        assert part in ran.stdout
    assert "The account, its captions, places, likes and comments are invented" in ran.stdout
    assert (tmp_path / "demo" / "report" / "report.html").is_file()
    assert (tmp_path / "demo" / "prefect").is_dir()
    assert [line for line in log_errors(ran.stderr) if "prefect.server" in line] == []


def test_without_the_extra_the_demo_says_how_to_install_it(command, tmp_path, monkeypatch):
    """The message names the packages and the command; nothing is written."""
    monkeypatch.setattr(
        photographs, "find_spec", lambda name: None if name in photographs.PACKAGES else find_spec(name)
    )
    refused = command(tmp_path, "demo")
    assert refused.returncode == 1
    assert "pip install scikit-image scikit-learn" in refused.stderr
    assert not (tmp_path / "demo").exists()
