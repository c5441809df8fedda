"""The kinds of classifier: each has options and a loader, and imports its libraries only when it is loaded."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from classifiers import registry
from classifiers.clarifai import ClarifaiOptions
from classifiers.errors import ClassifierUnavailable
from classifiers.keras import KerasOptions
from classifiers.litert import LitertOptions
from classifiers.registry import KINDS
from classifiers.visual import VisualOptions

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_strict_options_and_a_loader(kind: str) -> None:
    """A kind's options are frozen and refuse unknown keys; all but those of servers have a loader beside them."""
    config = KINDS[kind].model_config
    assert config["frozen"] and config["extra"] == "forbid"
    assert hasattr(importlib.import_module(KINDS[kind].__module__), "load") == (
        kind not in ("caption", "clarifai")
    )


def test_the_registry_imports_no_heavy_library() -> None:
    """The registry imports none of the kinds' libraries, and loading a kind imports only its own."""
    code = """
import sys
from classifiers import registry
from classifiers.clarifai import ClarifaiOptions
from classifiers.visual import VisualOptions
registry.load("visual", "visual", VisualOptions())
heavy = {"tensorflow", "keras", "ai_edge_litert", "h5py", "onnxruntime", "grpc", "clarifai_grpc"}
print(sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_classifier_is_loaded_by_its_kind() -> None:
    """A classifier is loaded by its kind, with its name in the settings."""
    assert registry.load("visual", "light and colour", VisualOptions()).name == "light and colour"


def test_the_paid_kind_can_not_be_loaded() -> None:
    """A kind that sends pictures to a server is refused with its name and the stage that runs it."""
    with pytest.raises(
        ClassifierUnavailable, match=r"paid can't be loaded.* clarifai sends pictures.* stage tag"
    ):
        registry.load("clarifai", "paid", ClarifaiOptions())


def test_a_missing_file_makes_the_classifier_unavailable(tmp_path: Path) -> None:
    """A classifier whose file is missing is unavailable, and the message names the file."""
    options = LitertOptions(model=tmp_path / "none.tflite", labels=tmp_path / "none.txt")
    with pytest.raises(ClassifierUnavailable, match=r"none\.tflite"):
        registry.load("litert", "lane", options)


def test_invalid_options_are_refused() -> None:
    """Keras' options have their documented defaults, empty `labels` mean none, and invalid values are refused."""
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
