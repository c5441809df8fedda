"""Embeddings of the kind `keras`: their version, and models without any; test_efficientnet_lite has their values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.compiled import CompiledModel
from classifiers.embedding import add_embedding
from classifiers.errors import ClassifierUnavailable
from classifiers.keras import KerasOptions, load
from classifiers.scores import Classes

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")


@pytest.mark.slow
def test_the_version_of_embeddings_ignores_names_and_limits(saved: Path, tmp_path: Path) -> None:
    """Other class names, `top`, `min_score` and `multi_label` leave it; another precision does not."""
    (tmp_path / "others.txt").write_text("".join(f"other_{number}\n" for number in range(1000)))
    weights = saved / "mobilenet.weights.h5"
    options = KerasOptions(
        application="MobileNet",
        weights=weights,
        labels=saved / "names.txt",
        precision="float32",
        embeddings=True,
    )
    other = {"labels": tmp_path / "others.txt", "top": 3, "min_score": 0.1, "multi_label": True}
    first, second, third = (
        load("lane", options.model_copy(update=changes)) for changes in ({}, other, {"precision": "bfloat16"})
    )
    assert first.embedding_version == second.embedding_version and first.version != second.version
    assert third.embedding_version not in (None, first.embedding_version)
    # Its last layer is a convolution of one pixel.
    assert third.label_and_embed([np.zeros((224, 224, 3), np.uint8)])[1].shape == (1, 1024)


def test_a_model_without_a_vector_before_its_last_layer_is_refused(keras: Any) -> None:
    """Each message names the layer; a layer with weights after the vector, and one inside a `Sequential`, work."""
    layers = keras.layers
    picture = keras.Input((8, 8, 3))
    spread = layers.Conv2D(4, 8, name="last")(layers.Conv2D(4, 1)(picture))
    with pytest.raises(ClassifierUnavailable, match=r"last, has the shape nx8x8x4 and is not a vector"):
        add_embedding(keras.Model(picture, layers.Flatten()(spread)))
    inner = keras.Sequential([keras.Input((8, 8, 3)), layers.Flatten(), layers.Dense(3)], name="inner")
    with pytest.raises(ClassifierUnavailable, match="its last layer, inner, is a model of its own"):
        add_embedding(keras.Model(picture, inner(picture)))
    rows = layers.Reshape((8, 24))(picture)
    with pytest.raises(ClassifierUnavailable, match="attention does not have one input"):
        add_embedding(keras.Model(picture, layers.MultiHeadAttention(1, 2, name="attention")(rows, rows)))
    with pytest.raises(ClassifierUnavailable, match="not a graph of layers"):
        add_embedding(keras.Model(picture, layers.Flatten()(picture)))
    made = add_embedding(keras.Sequential([inner, layers.Dense(2), layers.Softmax()]))
    compiled = CompiledModel(made, lambda pixels: pixels, "float32", Classes("ab", "ab", 2), on_gpu=False)
    best, [vectors] = compiled.best_classes_and_embeddings([np.full((8, 8, 3), 255, np.uint8)] * 2)
    assert (best.scores.shape, vectors.shape) == ((2, 2), (2, 3)) and best.scores.dtype == np.float32
