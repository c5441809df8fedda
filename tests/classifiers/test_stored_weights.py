"""Weights that are neither stored nor to be had are noticed before the model is built, which takes seconds."""

from __future__ import annotations

import urllib.request
from pathlib import Path

import pytest

from classifiers import applications
from classifiers.errors import ClassifierUnavailable
from classifiers.stored_weights import require_weights

FILES = {
    "InceptionV3": "inception_v3_weights_tf_dim_ordering_tf_kernels.h5",
    "MobileNet": "mobilenet_1_0_224_tf.h5",
    "MobileNetV3Large": "weights_mobilenet_v3_large_224_1.0_float.h5",
    "EfficientNetV2B0": "efficientnetv2-b0.h5",
    "NASNetMobile": "nasnet_mobile.h5",
    "ConvNeXtTiny": "convnext_tiny.h5",
}
"""Files of Keras for some of its models."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of weights on a machine without a network."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")
    # Python's opener remembers the proxies of its first use.
    monkeypatch.setattr(urllib.request, "_opener", None)
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.mark.parametrize("name", FILES)
def test_stored_weights_need_no_network(folder: Path, name: str) -> None:
    """The file of an earlier download is found by the model's name; without it the server's error is raised."""
    with pytest.raises(OSError, match="refused"):
        require_weights(name)
    (folder / FILES[name]).touch()
    require_weights(name)


def test_a_model_whose_weights_can_not_be_had_is_not_built() -> None:
    """The message says why, and what to do."""

    def build(**_: object) -> None:
        raise AssertionError("it was built")

    application = applications.Application("InceptionV3", build, lambda pixels: pixels)
    with pytest.raises(
        ClassifierUnavailable, match=r"InceptionV3 can't be downloaded \(.*refused\)\. Run once"
    ):
        application.build_with_imagenet()
