"""What Keras runs on: whichever backend is there with a GPU, the one that a person sets, or a clear error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from classifiers.backend import backend_with_gpu, has_gpu_device

ROOT = Path(__file__).resolve().parents[2]
ASK = """
from classifiers.backend import import_keras
from classifiers.errors import ClassifierUnavailable
try:
    import_keras()
except ClassifierUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("seen", "chosen"),
    [
        ({"json": ["gpu"], "csv": ["gpu"]}, "json"),
        ({"json": [], "csv": ["gpu"]}, "csv"),
        ({"json": [], "csv": []}, "tensorflow"),
        ({"not_installed_here": ["gpu"], "csv": ["gpu"]}, "csv"),
    ],
)
def test_the_first_with_a_gpu(seen: dict[str, list[str]], chosen: str) -> None:
    """The first installed library that sees a GPU is taken; where none does, TensorFlow."""
    assert backend_with_gpu({name: lambda found=found: found for name, found in seen.items()}) == chosen


def test_no_library_is_asked_where_there_is_no_gpu(tmp_path: Path) -> None:
    """A GPU's driver makes a file; without one the libraries, which take seconds, are not asked."""
    (tmp_path / "nvidiactl").touch()
    assert has_gpu_device((tmp_path / "kfd", tmp_path / "nvidiactl"))
    assert not has_gpu_device((tmp_path / "kfd",))


def test_a_backend_that_is_not_there() -> None:
    """KERAS_BACKEND may name one that can't be had: that is told in a line, with what to do."""
    ran = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "nothing_like_it", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert ran.stdout.startswith("Keras can't run on nothing_like_it (")
    assert "set KERAS_BACKEND to tensorflow" in ran.stdout
    assert "Traceback" not in ran.stderr
