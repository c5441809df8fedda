"""Themes in embeddings: k-means on the sphere, repeatable, which starts from the themes of before."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.fitted import normalise
from classifiers.themes.model_folder import centred
from tasks.groups import Numbers, match_groups

MIN_PICTURES = 10
"""Pictures for each theme, on average: with fewer there are fewer themes. A lift needs ten posts."""
SAME_COSINE = 0.7
"""Themes whose centroids are so close, on average, are one: k-means divides large themes before it finds others."""
MIN_THEMES = 2
STARTS = 10
SEED = 20161111


@dataclass(frozen=True, slots=True)
class Fit:
    """The themes of pictures: `centre`, (dimensions,), `centroids`, (themes, dimensions), and `numbers`, (pictures,).

    `kept` has the old number of each theme that is still the same one.
    """

    centre: NDArray[np.float32]
    centroids: NDArray[np.float32]
    numbers: Numbers
    kept: dict[int, int]


def count_themes(pictures: int, count: int) -> int:
    """How many themes so many different pictures can have; 0 if they are too few."""
    themes = min(count, pictures // MIN_PICTURES)
    return themes if themes >= MIN_THEMES else 0


def fit_themes(vectors: NDArray[np.floating], themes: int, before: Numbers | None = None) -> Fit:
    """Find at most `themes` themes in embeddings, shape (pictures, dimensions).

    `before` has the number of each picture's old theme, or -1; the new ones start from the means of the old ones.
    Without it the best of ten seeded starts (k-means++) is taken. One thread works, so that sums have one order
    and the same pictures give the same themes on the same machine.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    centre = normalise(vectors).mean(axis=0)
    points = centred(vectors, centre)
    start = None if before is None else _starts(points, before, themes)
    kmeans = KMeans(
        themes,
        init="k-means++" if start is None else start,
        n_init=STARTS if start is None else 1,
        random_state=SEED,
    )
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # some pictures have the same embedding
        kmeans.fit(points)
        merged = _merge(normalise(kmeans.cluster_centers_))[kmeans.labels_]
        _, merged = np.unique(merged, return_inverse=True)
        centroids = normalise(_means(points, merged))
        numbers = (points @ centroids.T).argmax(axis=1)
    order = _order(numbers, len(centroids), by_size=start is None)
    place = np.full(len(centroids), -1)
    place[order] = np.arange(len(order))
    numbers = place[numbers]
    kept = {} if before is None else match_groups(before, numbers)
    return Fit(centre, centroids[order], numbers, kept)


def _merge(centroids: NDArray[np.float32]) -> Numbers:
    """The number of the theme that each centroid belongs to, in the order of the centroids."""
    from scipy.cluster.hierarchy import fcluster, linkage

    if len(centroids) < 2:
        return np.zeros(len(centroids), np.intp)
    distances = (1 - centroids @ centroids.T)[np.triu_indices(len(centroids), 1)].clip(0)
    found = fcluster(linkage(distances, "average"), 1 - SAME_COSINE, "distance")
    _, first, numbers = np.unique(found, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[numbers]


def _means(points: NDArray[np.float32], numbers: Numbers) -> NDArray[np.float32]:
    return np.stack([points[numbers == number].mean(axis=0) for number in range(numbers.max() + 1)])


def _order(numbers: Numbers, themes: int, *, by_size: bool) -> Numbers:
    """The themes that have pictures, the largest first, or as they are."""
    sizes = np.bincount(numbers, minlength=themes)
    order = np.argsort(-sizes, kind="stable") if by_size else np.arange(themes)
    return order[sizes[order] > 0]


def _starts(points: NDArray[np.float32], before: Numbers, themes: int) -> NDArray[np.float32]:
    """The means of the old themes, the largest if they are too many, and far pictures, drawn with a seed.

    These are drawn as k-means++ does: with the square of the distance to the nearest start as weight (Arthur and
    Vassilvitskii 2007).
    """
    sizes = np.bincount(before[before >= 0])
    old = np.flatnonzero(sizes)
    old = np.sort(old[np.argsort(-sizes[old], kind="stable")][:themes])
    starts = [points[before == number].mean(axis=0) for number in old]
    random = np.random.default_rng(SEED)
    while len(starts) < themes:
        distances = np.min([((points - one) ** 2).sum(axis=1) for one in starts], axis=0, initial=4.0)
        total = distances.sum(dtype=np.float64)
        shares = distances.astype(np.float64) / total if total > 0 else None
        starts.append(points[random.choice(len(points), p=shares)])
    return np.stack(starts)
