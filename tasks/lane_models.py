"""A classifier opened as its lane in a run opens it, for commands that label nothing.

It has the same versions and gives the same embeddings as the lane, and starts as fast: from what the home folder has.
"""

from __future__ import annotations

from pydantic import BaseModel

from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.lane import open_lane_copy
from classifiers.protocol import Classifier
from classifiers.registry import load
from classifiers.zero_shot import ZeroShotOptions
from classifiers.zero_shot.options import load as load_zero_shot
from warehouse.home import Home


def open_lane_model(
    home: Home, kind: str, name: str, options: BaseModel, *, single: bool = False
) -> Classifier:
    """The classifier: a Keras model's LiteRT copy where its lane would use one, and words that are embedded already.

    No copy is made. With `single` it is for one picture, as in `classifiers.registry.load`. It is for one caller, who has
    all cores. Raises `ClassifierUnavailable` if it can't run here.
    """
    if isinstance(options, KerasOptions):
        copy = open_lane_copy(home.litert_copies, name, options, one_caller=True).copy
        if copy is not None:
            return copy
    if isinstance(options, ZeroShotOptions):
        return load_zero_shot(name, options, home.word_embeddings(name))
    return load(kind, name, options, single=single)
