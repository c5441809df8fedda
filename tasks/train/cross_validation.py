"""Cross-validation by groups: copies of a picture are never on both sides, so a model is tested on unseen pictures."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np

from tasks.errors import BadInput
from tasks.train.logistic import STRENGTHS, Floats, Integers, fit, log_loss

MAX_FOLDS = 5
MIN_GROUPS = 4
"""Pictures that are not near-duplicates of each other that a class needs, so that each part has some to learn from."""
INNER_FOLDS = 3
MIN_SEEN_GROUPS = 2
"""Groups of a class that each model learns from: they are divided again, to choose its C."""
SEEDS = 20
"""Divisions that are tried until each part has all classes to learn from."""


def choose_strength(vectors: Floats, classes: Integers, groups: Integers, number: int) -> float:
    """The C with the least loss on pictures that the model has not seen; of equals the smallest, the simplest."""
    folds = list(make_folds(classes, groups, number, MAX_FOLDS))
    return min(STRENGTHS, key=lambda strength: round(_loss(vectors, classes, folds, number, strength), 6))


def predict_unseen(vectors: Floats, classes: Integers, groups: Integers, number: int) -> Floats:
    """The logits of every picture, from a model that was fitted without its group, with a C chosen without it."""
    logits = np.zeros((len(classes), number))
    for seen, unseen in make_folds(classes, groups, number, MAX_FOLDS, MIN_SEEN_GROUPS):
        inner = list(make_folds(classes[seen], groups[seen], number, INNER_FOLDS))
        losses = {one: _loss(vectors[seen], classes[seen], inner, number, one) for one in STRENGTHS}
        strength = min(STRENGTHS, key=lambda one: round(losses[one], 6))
        logits[unseen] = fit(vectors[seen], classes[seen], number, strength).logits(vectors[unseen])
    return logits


def make_folds(
    classes: Integers, groups: Integers, number: int, most: int, least: int = 1
) -> Iterator[tuple[Integers, Integers]]:
    """The pictures to learn from and those to test, for each part: groups stay together, classes are spread evenly.

    There are at most `most` parts, and each learns from `least` groups or more of every class. Raises `BadInput` if
    that is impossible.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    fewest = min(count_groups(classes, groups, number))
    for seed in range(SEEDS):
        splitter = StratifiedGroupKFold(min(most, fewest), shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a class with fewer pictures than parts
            folds = list(splitter.split(np.zeros(len(classes)), classes, groups))
        if all(
            len(unseen) and min(count_groups(classes[seen], groups[seen], number)) >= least
            for seen, unseen in folds
        ):
            yield from folds
            return
    raise BadInput(
        "The pictures can't be divided so that each part has all classes. Add pictures to the smallest class."
    )


def count_groups(classes: Integers, groups: Integers, number: int) -> list[int]:
    """The number of groups that each class has pictures in."""
    return [len(set(groups[classes == one].tolist())) for one in range(number)]


def _loss(
    vectors: Floats, classes: Integers, folds: list[tuple[Integers, Integers]], number: int, strength: float
) -> float:
    losses = [
        log_loss(fit(vectors[seen], classes[seen], number, strength).logits(vectors[unseen]), classes[unseen])
        * len(unseen)
        for seen, unseen in folds
    ]
    return sum(losses) / len(classes)
