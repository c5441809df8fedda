"""The residuals for a comparison of parts: kinds, weekdays or hours, of which each post has exactly one.

What a part earns must not be taken out as a covariate before the parts are compared, as kind, weekend and hour are for
labels. Here only the other dimensions are taken out, each as a column for every part: a wave over the day would leave
some of an evening's effect to the kind that is posted in the evening. Parts and covariates are fitted together, so
that the covariates do not take a share of a part's effect either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from warehouse.ranking.lift.blocks import PostBlocks
from warehouse.ranking.lift.groups import Floats, Ints
from warehouse.ranking.lift.residuals import Residuals, describe_residuals, fit_residuals


@dataclass(frozen=True, slots=True)
class PartFit:
    """The residuals without the covariates and with the parts' effects, and each part's inflation.

    `inflation` is how many times larger the variance of a part's effect is than if the covariates did not differ
    between parts; it is infinite where they tell the part from the others.
    """

    residuals: Residuals
    inflation: Floats


def fit_parts(posts: PostBlocks, part: Ints, covariates: Floats) -> PartFit:
    """Fit the parts and the covariates together, and take out the covariates.

    `part` has the number of each post's part, `covariates` a row for each post.
    """
    dummies = make_dummies(part)
    together = replace(posts, covariates=np.column_stack((covariates, dummies)))
    fitted = fit_residuals(together)
    effects = dummies @ fitted.coefficients[covariates.shape[1] :]
    values = fitted.values + effects - posts.blocks.spread(posts.blocks.mean(effects))
    residuals = describe_residuals(posts, values, fitted.limits, fitted.coefficients)
    return PartFit(residuals, _inflation(posts, part, covariates))


def make_dummies(part: Ints) -> Floats:
    """A column of 0 and 1 for each part but the most frequent: in each row at most one is 1."""
    counts = np.bincount(part)
    others = np.delete(np.arange(len(counts)), np.argmax(counts)) if len(counts) else np.zeros(0, np.int64)
    dummies: Floats = (part[:, None] == others[None, :]).astype(np.float64)
    return dummies


def _inflation(posts: PostBlocks, part: Ints, covariates: Floats) -> Floats:
    """1 / (1 - R²), with R² the share of a part's variation inside blocks that the covariates explain."""
    blocks = posts.blocks
    inside = np.column_stack(
        [column - blocks.spread(blocks.mean(column)) for column in covariates.T] or [part[:, None][:, :0]]
    )
    inverse = np.linalg.pinv(inside.T @ inside, rcond=1e-10, hermitian=True)
    inflation = np.ones(int(part.max(initial=-1)) + 1)
    for one in range(len(inflation)):
        dummy = (part == one).astype(np.float64)
        variation = float(dummy @ (dummy - blocks.spread(blocks.mean(dummy))))
        across = inside.T @ dummy
        rest = 1 - float(across @ inverse @ across) / variation if variation > 0 else 1.0
        inflation[one] = 1 / rest if rest > 0 else np.inf
    return inflation
