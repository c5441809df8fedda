"""The kinds of classifier: each has options and a loader, and costs nothing until it is loaded."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from classifiers import registry
from classifiers.errors import ClassifierUnavailable
from classifiers.keras import KerasOptions
from classifiers.litert import LitertOptions
from classifiers.registry import KINDS
from classifiers.visual import VisualOptions

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_kind(kind: str) -> None:
    """Every kind's module has a loader, and its options are frozen and refuse unknown words."""
    assert callable(importlib.import_module(KINDS[kind].module).load)
    settings = KINDS[kind].options.model_config
    assert settings["frozen"] and settings["extra"] == "forbid"


def test_light_import() -> None:
    """Knowing the kinds imports none of their libraries; loading one imports its own only."""
    code = """
import sys
from classifiers import registry
from classifiers.visual import VisualOptions
registry.load("visual", "visual", VisualOptions())
print(sorted({"tensorflow", "keras", "ai_edge_litert", "h5py"} & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_load() -> None:
    """A classifier is loaded by its kind, under the name that the settings give it."""
    assert registry.load("visual", "light and colour", VisualOptions()).name == "light and colour"


def test_load_fails_in_words(tmp_path: Path) -> None:
    """What can't be loaded says so as a lane that is unavailable."""
    options = LitertOptions(model=tmp_path / "none.tflite", labels=tmp_path / "none.txt")
    with pytest.raises(ClassifierUnavailable, match=r"none\.tflite"):
        registry.load("litert", "lane", options)


def test_options() -> None:
    """Keras' options have the defaults of the design, an empty file of names is none, and nonsense is refused."""
    options = KerasOptions.model_validate({"labels": ""})
    assert (options.application, options.weights, options.labels, options.top) == (
        "InceptionV3",
        "imagenet",
        None,
        5,
    )
    assert KerasOptions.model_validate({"weights": "my/w.h5"}).weights == Path("my/w.h5")
    for wrong in ({"top": 0}, {"top": 1001}, {"wieghts": "imagenet"}):
        with pytest.raises(ValidationError):
            KerasOptions.model_validate(wrong)
    with pytest.raises(ValidationError):
        LitertOptions.model_validate({"model": "m.tflite"})
