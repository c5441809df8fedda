"""What a label's lift estimates: the labelled posts against others of the same account and time, other labels included.

A label comes with others of its topic, whose effects are part of its lift. Given topic and kind, labels are
independent but for synonyms, so that the expected sum of effects is known with and without the label. The truth is
the same weighted difference inside blocks that the estimator takes, of these expectations.
"""

from __future__ import annotations

import numpy as np

from benchmarks.truth.galleries import DRAWS, SYNONYM_SHARE, Floats, Gallery
from warehouse.ranking.lift.blocks import cut_blocks
from warehouse.ranking.lift.groups import group_changes
from warehouse.ranking.lift.label_rows import number_labels


def true_lifts(gallery: Gallery) -> dict[str, float]:
    """The true log lift of each label that can be compared."""
    posts = cut_blocks(gallery.posts)
    rows = number_labels(gallery.labels, posts)
    number = rows.names.cast(int).to_numpy()
    state = gallery.state[posts.keys["post"].to_numpy()]
    chances, difference = _expectations(gallery)
    base = (chances @ gallery.own)[state]
    for kind in range(3):
        base[state % 3 == kind] -= base[state % 3 == kind].mean() if (state % 3 == kind).any() else 0
    share = np.zeros((len(posts.blocks), len(chances)))
    np.add.at(share, (posts.block, state), 1)
    brought = chances * difference
    label = number[rows.label]
    gain = difference[state[rows.post], label]
    without = base[rows.post] - brought[state[rows.post], label]
    cells = group_changes(rows.label, posts.block[rows.post])
    block, cell_label = posts.block[rows.post][cells.starts], label[cells.starts]
    size = posts.blocks.sizes[block]
    total = posts.blocks.sum(base)[block] - np.einsum("ij,ji->i", share[block], brought[:, cell_label])
    labelled = cells.sizes / size
    value = (1 - labelled) * cells.sum(without + gain) - labelled * (total - cells.sum(without))
    of_label = group_changes(cell_label)
    weight = of_label.sum(cells.sizes * (1 - labelled))
    with np.errstate(invalid="ignore", divide="ignore"):
        truth = of_label.sum(value) / weight
    return {str(one): float(two) for one, two in zip(cell_label[of_label.starts], truth, strict=True)}


def _expectations(gallery: Gallery) -> tuple[Floats, Floats]:
    """By state and label: the probability of the label, and what its presence adds to the expected sum of effects."""
    alone = -np.expm1(-gallery.chances[:, None, :] * DRAWS[None, :, None]).reshape(-1, len(gallery.own))
    chances = alone.copy()
    difference = np.tile(gallery.own, (len(alone), 1))
    one = np.flatnonzero(gallery.synonym >= 0)
    two = gallery.synonym[one]
    absent = (1 - alone[:, two]) * (1 - SYNONYM_SHARE)
    chances[:, two] = 1 - (1 - alone[:, two]) * (1 - SYNONYM_SHARE * alone[:, one])
    difference[:, one] += gallery.own[two] * SYNONYM_SHARE * (1 - alone[:, two])
    with np.errstate(invalid="ignore", divide="ignore"):
        present = alone[:, one] * (1 - absent) / chances[:, two]
        missing = alone[:, one] * absent / (1 - chances[:, two])
    difference[:, two] += gallery.own[one] * np.nan_to_num(present - missing)
    return chances, difference
