"""The effect of each label on log(1 + count): labelled posts against the others of the same blocks.

In a block with n1 posts with the label and n0 others, w = n1·n0/(n1+n0). The effect β solves
Σ w·(mean ψ(r - β) of the labelled - mean ψ(r) of the others) = 0 over the blocks. Without clipping this is least
squares with a dummy for each block (Frisch and Waugh).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from warehouse.ranking.lift.blocks import PostBlocks
from warehouse.ranking.lift.groups import Floats, Groups, Ints, group_changes
from warehouse.ranking.lift.label_rows import LabelRows
from warehouse.ranking.lift.residuals import Residuals
from warehouse.ranking.lift.variance import Cells

STEPS = 4
THREADS = 2
MIN_SLOPE = 0.3
"""Newton's steps assume that at least this share of the labelled posts is not clipped."""


@dataclass(frozen=True, slots=True)
class Effects:
    """The effect of each label (NaN where no block has posts with and without it), and its cells."""

    values: Floats
    cells: Cells


@dataclass(frozen=True, slots=True)
class Comparison:
    """The labels of a chunk in the blocks: for each label and block the share of its posts, and the fixed part of S.

    `cells` are the rows of a label in a block; `labels` and `clusters` are the cells of a label, and of a label in a
    cluster.
    """

    cells: Groups
    labels: Groups
    clusters: Groups
    block: Ints
    share: Floats
    fixed: Floats

    @property
    def weights(self) -> Floats:
        """The weight w of each cell."""
        return self.cells.sizes * (1 - self.share)


def estimate_effects(posts: PostBlocks, residuals: Residuals, rows: LabelRows) -> Effects:
    """Estimate all labels, in chunks that run beside each other: NumPy lets other threads run."""
    totals = posts.blocks.sum(residuals.clipped)
    values = np.full(len(rows.names), np.nan)
    parts = []
    with ThreadPoolExecutor(THREADS) as pool:
        chunks = pool.map(lambda chunk: _estimate_chunk(posts, residuals, totals, *chunk), rows.chunks())
        for numbers, beta, cells in chunks:
            values[numbers] = beta
            parts.append(cells)
    return Effects(values, join_cells(parts))


def _estimate_chunk(
    posts: PostBlocks, residuals: Residuals, totals: Floats, numbers: Ints, post: Ints, by_label: Groups
) -> tuple[Ints, Floats, Cells]:
    compared = compare(posts, residuals.clipped, totals, post, by_label)
    beta = _solve(residuals, post, by_label, compared)
    cells = _cells(posts, residuals, post, by_label.spread(beta), numbers, compared)
    return numbers, np.where(compared.labels.sum(compared.weights) > 0, beta, np.nan), cells


def compare(posts: PostBlocks, clipped: Floats, totals: Floats, post: Ints, by_label: Groups) -> Comparison:
    """Divide a chunk's rows into cells."""
    label = by_label.spread(np.arange(len(by_label)))
    row_block = posts.block[post]
    cells = group_changes(label, row_block)
    block, cell_label = row_block[cells.starts], label[cells.starts]
    share = cells.sizes / posts.blocks.sizes[block]
    fixed = share * (totals[block] - cells.sum(clipped[post]))
    clusters = group_changes(cell_label, posts.cluster[block])
    return Comparison(cells, group_changes(cell_label), clusters, block, share, fixed)


def join_cells(parts: list[Cells]) -> Cells:
    """The cells of all chunks."""
    if not parts:
        return Cells(np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0))
    return Cells(
        np.concatenate([part.label for part in parts]),
        np.concatenate([part.score for part in parts]),
        np.concatenate([part.information for part in parts]),
        np.concatenate([part.noise for part in parts]),
    )


def _solve(residuals: Residuals, post: Ints, by_label: Groups, compared: Comparison) -> Floats:
    """Newton's steps for β; a step is never longer than with `MIN_SLOPE`."""
    rest, limits = residuals.values[post], residuals.limits[post]
    outside = compared.cells.spread(1 - compared.share)
    weights = compared.labels.sum(compared.weights)
    fixed = compared.labels.sum(compared.fixed)
    beta = np.zeros(len(by_label))
    for _ in range(STEPS):
        moved = rest - by_label.spread(beta)
        score = by_label.sum(outside * np.clip(moved, -limits, limits)) - fixed
        slope = by_label.sum(outside * (np.abs(moved) <= limits))
        steep = np.maximum(slope, MIN_SLOPE * weights)
        beta += np.divide(score, steep, out=np.zeros_like(score), where=steep > 0)
    return beta


def _cells(
    posts: PostBlocks, residuals: Residuals, post: Ints, beta: Floats, numbers: Ints, compared: Comparison
) -> Cells:
    limits = residuals.limits[post]
    psi = np.clip(residuals.values[post] - beta, -limits, limits)
    score = (1 - compared.share) * compared.cells.sum(psi) - compared.fixed
    variances = residuals.variances[posts.block_account[compared.block]]
    label = compared.labels.spread(numbers)
    return Cells(
        label[compared.clusters.starts],
        compared.clusters.sum(score),
        residuals.unclipped * compared.clusters.sum(compared.weights),
        compared.clusters.sum(compared.weights * variances),
    )
