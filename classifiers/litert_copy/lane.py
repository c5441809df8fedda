"""Whether the lane of a Keras classifier labels with its copy: only where that is faster and gives the same labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.backend import configured_backend, has_gpu_device
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.agreement import agree
from classifiers.litert_copy.classifier import LitertCopy, open_copy
from classifiers.litert_copy.files import CopyDescription, read_description
from classifiers.litert_copy.identity import identify
from classifiers.precision import choose_precision
from classifiers.protocol import Classifier, EmbeddingClassifier, Label, PreparedPicture

MIN_SPEEDUP = 1.1
MAX_SCORE_DIFFERENCE = 0.00001
"""Between a score of the model and of its copy: as between two kinds of CPU (docs/decisions.md)."""
MAX_EMBEDDING_DIFFERENCE = 0.002
"""Of an embedding's length; float16 alone rounds by up to 0.0005."""
MAX_MADE_DIFFERENCE = 0.0001
"""On pictures of chance, where scores are small, as `conversion.compare` measures it."""


@dataclass(frozen=True, slots=True)
class LaneCopy:
    """The copy that a lane labels with, or a `reason` why there is none; `can_be_made` is whether making one may help."""

    copy: LitertCopy | None = None
    reason: str = ""
    can_be_made: bool = False


def open_lane_copy(folder: Path, name: str, options: KerasOptions, *, one_caller: bool = False) -> LaneCopy:
    """The copy in `folder` for the lane of a classifier with these options; `one_caller` is as for `CopyModel`."""
    if reason := _reason_for_keras(options):
        return LaneCopy(reason=reason)
    try:
        description = read_description(folder, identify(options))
    except (OSError, ImportError):  # a file of the settings or Keras is missing, which the lane reports
        return LaneCopy(reason="its files can't be read")
    if description is not None and (reason := _reason_against(description)):
        return LaneCopy(reason=reason)
    copy = open_copy(folder, name, options, one_caller=one_caller)
    if copy is not None:
        return LaneCopy(copy)
    return LaneCopy(reason="its file is damaged" if description else "it has none", can_be_made=True)


def _reason_for_keras(options: KerasOptions) -> str:
    """Why no lane of this machine takes a copy; empty if one may."""
    if has_gpu_device():
        return "the machine has a GPU"
    if (backend := configured_backend()) != "tensorflow":
        return f"Keras runs on {backend}"
    if (precision := choose_precision(options.precision, None)) != "float32":
        return f"the model computes in {precision}"
    return ""


def _reason_against(description: CopyDescription) -> str:
    if description.problem:
        return description.problem
    if not description.speedup:
        return "its copy was made for labels in bfloat16"
    if description.speedup < MIN_SPEEDUP:
        return f"the model takes {description.speedup:.2f} times its processor time"
    if description.max_difference > MAX_MADE_DIFFERENCE:
        return f"its scores differ by up to {description.max_difference:.2%}"
    return ""


def describe_difference(
    model: Classifier, copy: LitertCopy, pictures: Sequence[PreparedPicture], options: KerasOptions
) -> str:
    """How the copy labels or embeds the pictures otherwise than the Keras classifier; empty if it does not."""
    differing = 0
    for start in range(0, len(pictures), copy.batch_size):
        batch = pictures[start : start + copy.batch_size]
        (expected, vectors), (found, own) = _results(model, batch), _results(copy, batch)
        same = [
            agree(one, other, options.top, options.min_score, MAX_SCORE_DIFFERENCE)
            for one, other in zip(expected, found, strict=True)
        ]
        if vectors is not None and own is not None:
            same = [a and b for a, b in zip(same, _close(vectors, own), strict=True)]
        differing += same.count(False)
    return f"it gives {differing} of {len(pictures)} stored pictures other labels" if differing else ""


def _results(
    classifier: Classifier, batch: Sequence[PreparedPicture]
) -> tuple[list[list[Label]], NDArray[np.float16] | None]:
    if isinstance(classifier, EmbeddingClassifier) and classifier.embedding_version is not None:
        return classifier.label_and_embed(batch)
    return classifier.label(batch), None


def _close(vectors: NDArray[np.float16], others: NDArray[np.float16]) -> list[bool]:
    wide = vectors.astype(np.float32)
    distances = np.linalg.norm(wide - others, axis=1)
    close: list[bool] = (distances <= MAX_EMBEDDING_DIFFERENCE * np.linalg.norm(wide, axis=1)).tolist()
    return close
