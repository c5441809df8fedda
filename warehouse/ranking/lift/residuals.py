"""What is left of log(1 + count) when account, time, kind, weekday and hour are taken out: a Huber fit.

The fit alternates between least squares on the residuals, clipped at some scales of their account, and new residuals
(Huber 1981). The clipped residual is ψ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warehouse.ranking.lift.blocks import PostBlocks
from warehouse.ranking.lift.groups import Floats

CLIP = 2.0
ROUNDS = 6
PRIOR_POSTS = 10
"""The scale of an account is shrunk towards the global one as if by so many posts."""
SCALE_FLOOR = 0.5
"""The scale of an account is at least this part of the global one: where most counts are 0 its MAD is 0."""
NORMAL_MAD = 1.4826


@dataclass(frozen=True, slots=True)
class Residuals:
    """The residuals, the limit that each is clipped at, the clipped ones, and their variance in each account.

    `unclipped` is the share of the residuals inside the limits; `coefficients` are those of the covariates.
    """

    values: Floats
    limits: Floats
    clipped: Floats
    variances: Floats
    unclipped: float
    coefficients: Floats

    @property
    def vary(self) -> bool:
        """Whether there is any variation inside the blocks."""
        return bool(self.variances.size) and float(self.variances.max()) > 0


def fit_residuals(posts: PostBlocks, clip: float = CLIP, *, covariates: bool = True) -> Residuals:
    """Fit the blocks' centres and, if `covariates`, the coefficients of kind, weekend and hour."""
    y = np.log1p(posts.counts)
    blocks = posts.blocks
    x = posts.covariates if covariates else posts.covariates[:, :0]
    means = np.column_stack([blocks.spread(blocks.mean(column)) for column in x.T]) if x.size else x
    inside = x - means
    solve = np.linalg.pinv(inside.T @ inside, rcond=1e-10, hermitian=True)
    gamma = np.zeros(x.shape[1])
    rest = y - blocks.spread(blocks.median(y))
    limits = clip * scale_posts(rest, posts)
    for round_ in range(ROUNDS):
        if round_ == ROUNDS // 2:
            limits = clip * scale_posts(rest, posts)
        psi = np.clip(rest, -limits, limits)
        step = solve @ (inside.T @ psi)
        gamma += step
        rest = rest - inside @ step - blocks.spread(blocks.mean(psi))
    return describe_residuals(posts, rest, limits, gamma)


def describe_residuals(posts: PostBlocks, rest: Floats, limits: Floats, coefficients: Floats) -> Residuals:
    """Clip the residuals at their limits, and take their variances; each coefficient takes a degree of freedom."""
    clipped = np.clip(rest, -limits, limits)
    unclipped = float(np.mean(np.abs(rest) <= limits)) if len(rest) else 1.0
    variances = _variances(clipped, posts, len(coefficients))
    return Residuals(rest, limits, clipped, variances, unclipped, coefficients)


def scale_posts(rest: Floats, posts: PostBlocks) -> Floats:
    """The scale of each post's account, never 0 unless all residuals are 0."""
    if not len(rest):
        return rest
    sizes = np.abs(rest)
    overall = NORMAL_MAD * float(np.median(sizes)) or float(np.sqrt(np.mean(rest**2)))
    own = NORMAL_MAD * posts.accounts.median(sizes)
    number = posts.accounts.sizes
    shrunk = (number * own + PRIOR_POSTS * overall) / (number + PRIOR_POSTS)
    scales: Floats = posts.accounts.spread(np.maximum(shrunk, SCALE_FLOOR * overall))
    return scales


def _variances(clipped: Floats, posts: PostBlocks, coefficients: int) -> Floats:
    """The variance of the clipped residuals of each account, shrunk as its scale is."""
    squares = posts.accounts.sum(clipped**2)
    free = posts.accounts.sizes - np.bincount(posts.block_account, minlength=len(posts.accounts))
    share = max(0.1, 1 - coefficients / max(1, free.sum()))
    free = free * share
    overall = squares.sum() / max(1, free.sum())
    variances: Floats = (squares + PRIOR_POSTS * overall) / (free + PRIOR_POSTS)
    return variances
