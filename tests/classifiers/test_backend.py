"""Keras' backend: the first that can use a GPU, the one that the user sets, or a clear error."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from classifiers.backend import configured_backend, find_backend_with_gpu, has_gpu_device

ROOT = Path(__file__).resolve().parents[2]
IMPORT_KERAS = """
from classifiers.backend import import_keras
from classifiers.errors import ClassifierUnavailable
try:
    import_keras()
except ClassifierUnavailable as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("gpus", "chosen"),
    [
        ({"json": ["gpu"], "csv": ["gpu"]}, "json"),
        ({"json": [], "csv": ["gpu"]}, "csv"),
        ({"json": [], "csv": []}, "tensorflow"),
        ({"not_installed_here": ["gpu"], "csv": ["gpu"]}, "csv"),
    ],
)
def test_the_first_backend_with_a_gpu_is_chosen(gpus: dict[str, list[str]], chosen: str) -> None:
    """The first installed library that can use a GPU is chosen; if none can, TensorFlow."""
    assert find_backend_with_gpu({name: lambda found=found: found for name, found in gpus.items()}) == chosen


def test_a_gpu_is_detected_by_its_device_file(tmp_path: Path) -> None:
    """A GPU's driver creates a file; without one the libraries, whose import takes seconds, are not tried."""
    (tmp_path / "nvidiactl").touch()
    assert has_gpu_device((tmp_path / "kfd", tmp_path / "nvidiactl"))
    assert not has_gpu_device((tmp_path / "kfd",))


def test_the_configured_backend_is_known_without_keras(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KERAS_BACKEND comes first, then Keras' own settings file; a broken file counts as none, as for Keras."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.delenv("KERAS_BACKEND", raising=False)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert configured_backend() == "tensorflow"
    for text, backend in (('{"backend": "torch"}', "torch"), ("{", "tensorflow"), ("[]", "tensorflow")):
        (tmp_path / "keras.json").write_text(text)
        assert configured_backend() == backend
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    assert configured_backend() == "jax"
    assert "keras" not in sys.modules


def test_a_backend_that_is_not_installed_is_reported() -> None:
    """If KERAS_BACKEND names a backend that can't be imported, one line reports it and what to do."""
    ran = subprocess.run(
        [sys.executable, "-c", IMPORT_KERAS],
        cwd=ROOT,
        env={**os.environ, "KERAS_BACKEND": "nothing_like_it", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    assert ran.stdout.startswith("Keras can't run on nothing_like_it (")
    assert "set KERAS_BACKEND to tensorflow" in ran.stdout
    assert "Traceback" not in ran.stderr
