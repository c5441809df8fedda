"""The effects of the frequent labels with the rest held equal: one Huber fit of all of them together.

Two labels that come together share their posts' likes where each has a fit of its own. Together in one fit, each is
compared where the other does not change. Kind, weekend and hour are fitted again beside the labels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse

from warehouse.ranking.lift.blocks import PostBlocks
from warehouse.ranking.lift.groups import Floats, Ints
from warehouse.ranking.lift.label_rows import LabelRows
from warehouse.ranking.lift.residuals import CLIP, Residuals, describe_residuals, scale_posts
from warehouse.ranking.lift.variance import PRIOR_FREEDOM, Components, Variances, solve_components

MIN_POSTS = 30
MAX_LABELS = 2_000
ROUNDS = 10
RIDGE = 1e-9
"""Added to the diagonal, so that labels that always come together don't stop the fit."""
CLUSTERS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class JointEffects:
    """The chosen labels' numbers, their effects and variances.

    `inflation` is how many times larger the variance is than without the other labels; it is huge where a label can't
    be separated from others.
    """

    labels: Ints
    values: Floats
    variances: Variances
    inflation: Floats


@dataclass(frozen=True, slots=True)
class Regressors:
    """The labels (a sparse table of posts) and the covariates, less the means of their blocks; and their products.

    `in_blocks` is the number of posts of each label in each block. The dense table of all posts is never made.
    """

    posts: PostBlocks
    labels: sparse.csr_array
    in_blocks: sparse.csr_array
    covariates: Floats
    products: Floats

    def project(self, values: Floats) -> Floats:
        """The product of each regressor with the posts' values."""
        inside = values - self.posts.blocks.spread(self.posts.blocks.mean(values))
        return np.concatenate((self.labels.T @ inside, self.covariates.T @ inside))

    def predict(self, coefficients: Floats) -> Floats:
        """The fitted part of each post, with mean 0 in each block."""
        number = self.labels.shape[1]
        fitted = self.labels @ coefficients[:number] + self.covariates @ coefficients[number:]
        centred: Floats = fitted - self.posts.blocks.spread(self.posts.blocks.mean(fitted))
        return centred


def choose_labels(
    posts: PostBlocks, rows: LabelRows, min_posts: int = MIN_POSTS, most: int = MAX_LABELS
) -> Ints:
    """The most frequent labels that some blocks have and lack."""
    counts = rows.counts()
    inside = _weights(_count_in_blocks(posts, rows), posts.blocks.sizes).sum(axis=0) > 0
    chosen = np.flatnonzero((counts >= min_posts) & inside)
    return np.sort(chosen[np.argsort(-counts[chosen], kind="stable")][:most])


def estimate_joint_effects(
    posts: PostBlocks, residuals: Residuals, rows: LabelRows, chosen: Ints, clip: float = CLIP
) -> JointEffects:
    """Fit the chosen labels together, from the residuals of the fit without labels."""
    regressors = _make_regressors(posts, rows, chosen)
    products = regressors.products
    factor = linalg.cho_factor(products)
    beta, rest, limits = np.zeros(len(products)), residuals.values, residuals.limits
    for round_ in range(ROUNDS):
        if round_ == ROUNDS // 2:
            limits = clip * scale_posts(rest, posts)
        psi = np.clip(rest, -limits, limits)
        step = linalg.cho_solve(factor, regressors.project(psi))
        beta += step
        rest = rest - regressors.predict(step) - posts.blocks.spread(posts.blocks.mean(psi))
    fitted = describe_residuals(posts, rest, limits, beta)
    inverse = linalg.cho_solve(factor, np.eye(len(products)))
    number = len(chosen)
    own = np.diag(inverse)[:number]
    variances = _moderate(regressors, fitted, inverse[:, :number])
    return JointEffects(chosen, beta[:number], variances, own * np.diag(products)[:number])


def _count_in_blocks(posts: PostBlocks, rows: LabelRows) -> sparse.csr_array:
    ones = np.ones(len(rows.post))
    shape = (len(posts.blocks), len(rows.names))
    return sparse.csr_array(sparse.coo_array((ones, (posts.block[rows.post], rows.label)), shape=shape))


def _weights(in_blocks: sparse.csr_array, sizes: Ints) -> sparse.csr_array:
    """The weight w = n1·n0/(n1+n0) of each label in each block."""
    size = sizes[in_blocks.tocoo().row]
    weights = in_blocks.copy()
    weights.data = in_blocks.data * (1 - in_blocks.data / size)
    return weights


def _make_regressors(posts: PostBlocks, rows: LabelRows, chosen: Ints) -> Regressors:
    place = np.full(len(rows.names), -1)
    place[chosen] = np.arange(len(chosen))
    use = place[rows.label] >= 0
    label, post = place[rows.label[use]], rows.post[use]
    shape = (len(posts.counts), len(chosen))
    labels = sparse.csr_array(sparse.coo_array((np.ones(len(label)), (post, label)), shape=shape))
    in_blocks = _count_in_blocks(posts, LabelRows(rows.names[chosen], label, post))
    blocks = posts.blocks
    means = np.column_stack([blocks.spread(blocks.mean(column)) for column in posts.covariates.T])
    covariates = posts.covariates - means
    scaled = in_blocks.copy()
    scaled.data = in_blocks.data / blocks.sizes[in_blocks.tocoo().row]
    together = (labels.T @ labels - in_blocks.T @ scaled).toarray()
    across = labels.T @ covariates
    products = np.block([[together, across], [across.T, covariates.T @ covariates]])
    diagonal = np.diag(products)
    products[np.diag_indices_from(products)] = np.where(diagonal > RIDGE, diagonal * (1 + RIDGE), 1.0)
    return Regressors(posts, labels, in_blocks, covariates, products)


def _moderate(regressors: Regressors, fitted: Residuals, inverse: Floats) -> Variances:
    """As `variance.moderate`, for each label instead of each cell.

    A cluster's share of a label is that of its variation inside blocks; its score is divided among the coefficients
    by the inverse of the products.
    """
    posts, number = regressors.posts, regressors.labels.shape[1]
    to_cluster = sparse.csr_array((np.ones(len(posts.blocks)), (posts.cluster, np.arange(len(posts.blocks)))))
    weights = _weights(regressors.in_blocks, posts.blocks.sizes)
    shares = sparse.csr_array((to_cluster @ weights) / weights.sum(axis=0))
    noises = fitted.variances[posts.block_account][None, :] @ weights / weights.sum(axis=0)
    noise = noises[0] * np.diag(inverse[:number]) / fitted.unclipped**2
    difference = shares.power(2).sum(axis=0)
    own = _cluster_variances(regressors, fitted, inverse, to_cluster, shares)
    freedom = np.maximum(0, 1 / difference - 1)
    components = Components(1.0, 0.0)
    for _ in range(ROUNDS):
        expected = components.dependence * noise + components.difference * difference
        components = solve_components(own, noise, difference, np.minimum(freedom, 100) / expected**2)
    prior = components.dependence * noise + components.difference * difference
    variance = (PRIOR_FREEDOM * prior + freedom * own) / (PRIOR_FREEDOM + freedom)
    return Variances(variance, PRIOR_FREEDOM + freedom)


def _cluster_variances(
    regressors: Regressors,
    fitted: Residuals,
    inverse: Floats,
    to_cluster: sparse.csr_array,
    shares: sparse.csr_array,
) -> Floats:
    """The label's own variance: the squares of what each cluster adds to its coefficient, over 1 less its share."""
    posts = regressors.posts
    psi = fitted.clipped - posts.blocks.spread(posts.blocks.mean(fitted.clipped))
    spread = sparse.csr_array((psi, (posts.cluster[posts.block], np.arange(len(psi)))))
    of_labels, of_covariates = spread @ regressors.labels, spread @ regressors.covariates
    number = regressors.labels.shape[1]
    own = np.zeros(number)
    for start in range(0, to_cluster.shape[0], CLUSTERS_AT_ONCE):
        part = slice(start, start + CLUSTERS_AT_ONCE)
        scores = of_labels[part] @ inverse[:number] + of_covariates[part] @ inverse[number:]
        own += np.sum(scores**2 / np.maximum(1e-3, 1 - shares[part].toarray()), axis=0)
    free = max(1, len(psi) - len(posts.blocks))
    return own / (fitted.unclipped**2 * max(0.1, 1 - len(inverse) / free))
