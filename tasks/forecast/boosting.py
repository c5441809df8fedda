"""Gradient boosting, the challenger of the ridge, and its trees as arrays.

It gets the dense columns and, for the labels, one column: their score by a ridge that has not seen the post. scikit-learn
grows the trees (`HistGradientBoostingRegressor`). They are stored as arrays, and walked through here, so that no pickle is
needed and a later version of scikit-learn changes no stored model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tasks.forecast.design import Floats

MAX_BOOSTED_POSTS = 50_000
"""The newest posts that the trees are grown from: with 20 columns more posts hardly change them."""
_SETTINGS: dict[str, Any] = {
    "max_iter": 100,
    "learning_rate": 0.08,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 40,
    "l2_regularization": 10.0,
    "early_stopping": False,
    "random_state": 0,
}


@dataclass(frozen=True, slots=True)
class Trees:
    """Trees with the nodes in rows: (trees, nodes). A leaf is its own child on both sides.

    `feature` is the column that a node compares with `threshold`: up to it the path goes `left`. `value` is a leaf's. A
    forecast is `base` plus the values of one leaf of each tree.
    """

    base: float
    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: Floats
    depth: int

    def predict(self, columns: NDArray[np.floating[Any]]) -> Floats:
        """The forecast of each row of (posts, columns)."""
        rows = np.arange(len(columns))
        total = np.full(len(columns), self.base)
        for tree in range(len(self.feature)):
            node = np.zeros(len(columns), np.int32)
            for _ in range(self.depth):
                goes_left = columns[rows, self.feature[tree, node]] <= self.threshold[tree, node]
                node = np.where(goes_left, self.left[tree, node], self.right[tree, node])
            total += self.value[tree, node]
        return total


def grow_trees(columns: NDArray[np.floating[Any]], target: Floats) -> Trees:
    """Fit the trees to (posts, columns) without NaN."""
    return read_trees(fit_boosting(columns, target))


def fit_boosting(columns: NDArray[np.floating[Any]], target: Floats) -> Any:
    """scikit-learn's regressor, fitted."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits  # scikit-learn brings it

    # On a busy machine threads that wait for each other take 25 times the processor time. The limit is set after the
    # import, because it holds for libraries that are loaded.
    with threadpool_limits(1):
        return HistGradientBoostingRegressor(**_SETTINGS).fit(columns, target)


def read_trees(model: Any) -> Trees:
    """The trees of scikit-learn's regressor as arrays."""
    found = [stage[0].nodes for stage in model._predictors]  # noqa: SLF001 - no public way leads to the trees
    number = max((len(nodes) for nodes in found), default=1)
    shape = len(found), number
    feature, left, right = (np.zeros(shape, np.int32) for _ in range(3))
    threshold, value = np.zeros(shape), np.zeros(shape)
    for tree, nodes in enumerate(found):
        own, leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
        feature[tree, own] = np.where(leaf, 0, nodes["feature_idx"])
        threshold[tree, own] = np.where(leaf, 0, nodes["num_threshold"])
        left[tree, own] = np.where(leaf, own, nodes["left"])
        right[tree, own] = np.where(leaf, own, nodes["right"])
        value[tree, own] = np.where(leaf, nodes["value"], 0)
    depth = max((int(nodes["depth"].max()) for nodes in found), default=0)
    base = float(np.asarray(model._baseline_prediction).ravel()[0])  # noqa: SLF001 - as above
    return Trees(base, feature, threshold, left, right, value, depth)
