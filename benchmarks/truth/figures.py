"""The figures of the outcomes, and what each must reach."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

BINS = {5: (5, 5), 10: (9, 11), 30: (27, 33), 100: (85, 118), 1000: (700, 1_400)}
"""Labels that count as having 5, 10, … posts."""
MIN_LABELS = 20
Q = 0.05
RMSE = {10: 0.29, 30: 0.17, 100: 0.096, 1000: 0.036}
HALF_WIDTH = {5: 0.82, 10: 0.58, 30: 0.34, 100: 0.19, 1000: 0.07}


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure: its name, the measured numbers, what they must reach, and whether they do."""

    name: str
    measured: str
    required: str
    reached: bool


def compute_figures(outcomes: pl.DataFrame) -> list[Figure]:
    """All figures, in the order of the table."""
    standard = _of(outcomes, "standard")
    return [
        *_coverage(standard, "coverage", {5: (0.94, 0.965), 1000: (0.93, 0.975)}),
        *_precision(standard),
        *_discoveries(outcomes),
        _top_ten(standard),
        *_coverage(_of(outcomes, "one account"), "one account: coverage", {5: (0.935, 0.97)}),
        *_coverage(_of(outcomes, "three accounts"), "three accounts: coverage", {5: (0.94, 1.0)}),
        *_coverage(_of(outcomes, "joint"), "joint: coverage of the own effect", {5: (0.93, 0.97)}),
        _false(_of(outcomes, "joint"), "joint: discoveries without an own effect"),
    ]


def _of(outcomes: pl.DataFrame, scenario: str) -> pl.DataFrame:
    return outcomes.filter(pl.col("scenario") == scenario, pl.col("truth").is_not_nan())


def _binned(rows: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    for posts, (least, most) in BINS.items():
        part = rows.filter(pl.col("posts").is_between(least, most))
        if len(part) >= MIN_LABELS:
            yield posts, part


def _coverage(rows: pl.DataFrame, name: str, bounds: dict[int, tuple[float, float]]) -> Iterator[Figure]:
    """A figure for each number of posts; a bound holds from its number on."""
    for posts, part in _binned(rows):
        covered = float(part.select(pl.col("truth").is_between("low", "high").mean()).item())
        least, most = bounds[max(key for key in bounds if key <= posts)]
        yield Figure(
            f"{name}, {posts} posts", f"{covered:.3f}", f"{least} to {most}", least <= covered <= most
        )


def _precision(rows: pl.DataFrame) -> Iterator[Figure]:
    error = pl.col("lift") - pl.col("truth")
    for posts, part in _binned(rows):
        bias, rmse, half = part.select(
            error.mean().alias("bias"),
            (error**2).mean().sqrt().alias("rmse"),
            ((pl.col("high") - pl.col("low")) / 2).median().alias("half"),
        ).row(0)
        if posts >= 10:
            yield Figure(f"bias, {posts} posts", f"{bias:+.4f}", "≤ 0.01", abs(bias) <= 0.01)
        limit = RMSE.get(posts, 0.42)
        yield Figure(f"RMSE, {posts} posts", f"{rmse:.3f}", f"≤ {limit}", rmse <= limit)
        limit = HALF_WIDTH[posts]
        yield Figure(f"half-width, {posts} posts", f"{half:.3f}", f"≤ {limit}", half <= limit)


def _discoveries(outcomes: pl.DataFrame) -> Iterator[Figure]:
    nothing = _of(outcomes, "no effects")
    galleries = nothing["seed"].n_unique()
    found = nothing.filter(pl.col("q") <= Q)["seed"].n_unique()
    limit = max(1, round(0.05 * galleries))
    yield Figure(
        "no effects: galleries with a discovery", f"{found} of {galleries}", f"≤ {limit}", found <= limit
    )
    yield _false(_of(outcomes, "independent"), "independent labels: false discoveries")
    standard = _of(outcomes, "standard")
    wrong = (pl.col("lift").sign() != pl.col("truth").sign()).mean()
    share = float(standard.filter(pl.col("q") <= Q).select(wrong).item() or 0)
    yield Figure("wrong sign among discoveries", f"{share:.4f}", "≤ 0.01", share <= 0.01)
    strong = standard.filter(pl.col("truth").abs() > 0.2, pl.col("q").is_not_null())
    power = float(strong.select((pl.col("q") <= Q).mean()).item())
    yield Figure("power for |log lift| > 0.2", f"{power:.3f}", "≥ 0.19", power >= 0.19)


def _false(rows: pl.DataFrame, name: str) -> Figure:
    share = float(rows.filter(pl.col("q") <= Q).select((pl.col("own") == 0).mean()).item() or 0)
    return Figure(name, f"{share:.3f}", "≤ 0.05", share <= 0.05)


def _top_ten(standard: pl.DataFrame) -> Figure:
    enough = standard.filter(pl.col("posts") >= 10)
    top = enough.sort("low", descending=True).group_by("seed").head(10)["truth"]
    best = enough.sort("truth", descending=True).group_by("seed").head(10)["truth"]
    mean, ceiling, none = float(top.mean()), float(best.mean()), float((top <= 0).mean())  # type: ignore[arg-type]
    return Figure(
        "top ten by lower end: true log lift (best possible; share ≤ 0)",
        f"{mean:.2f} ({ceiling:.2f}; {none:.3f})",
        "≥ 0.85 of the best; ≤ 0.01",
        mean >= 0.85 * ceiling and none <= 0.01,
    )
