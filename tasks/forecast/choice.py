"""Which candidate forecasts best what it has not seen, whether labels help, and how true its intervals are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tasks.forecast.candidates import Candidate, FittedRatio, Workbench
from tasks.forecast.conformal import MIN_ERRORS, Interval, fit_interval, scale_errors
from tasks.forecast.design import Bools, Design, Floats
from tasks.forecast.evaluation import correlate_within_accounts, count_weeks, measure_coverage, measure_skill
from tasks.forecast.folds import FIRST_TESTED, FOLDS, LAST, Folds, make_folds
from tasks.forecast.ridge import Sums, label_deviations
from tasks.forecast_model import Method, Skill, Verdict

MIN_POSTS = 100
"""With fewer posts nothing is learned: a fifth of them says little about skill."""
MIN_WEEKS = 5
"""Weeks of accounts with tested posts, below which nothing is learned: a good month says nothing about the next one."""
STEPS = 4 + FOLDS
"""Calls of `progress`."""
TESTED = range(FIRST_TESTED, FOLDS)
"""The parts of time that are forecast, each from those before it."""
PLAIN = Candidate("ridge", "features")
CLASSIFIERS = Candidate("ridge", "classifiers")
LABELS = Candidate("ridge", "labels")


@dataclass(frozen=True, slots=True)
class Quality:
    """Skill, verdict and coverage, as in `ForecastInfo`."""

    skill_by_time: Skill | None
    skill_by_account: Skill | None
    label_skill: Skill | None
    verdict: Verdict
    coverage: float | None
    coverage_worst_tenth: float | None
    spearman_within_accounts: float | None


TOO_FEW = Quality(None, None, None, "too few posts", None, None, None)


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen method, fitted to all posts.

    `ratio` is None for the method `median`: the forecast is the usual count. `interval` is that of the forecast's errors,
    `usual_interval` that of the usual count's, both scaled; `usual_spread` is the middle spread of all posts.
    `deviations` are the standard deviations of the labels' coefficients.
    """

    method: Method
    uses_labels: bool
    ratio: FittedRatio | None
    interval: Interval
    usual_interval: Interval
    usual_spread: float
    deviations: Floats
    quality: Quality


def choose(design: Design, outcome_days: int, progress: Callable[[], None]) -> Choice | None:
    """Fit the candidates, and choose by their errors on later posts; None with too few posts.

    The two first parts of time are for training. Labels are used where they help on the other three; boosting, where its
    errors on the fourth part are smaller; and the usual count, where nothing is better on the third and fourth. Skill and
    coverage are measured on the fifth.
    """
    folds = make_folds(design, outcome_days)
    if len(design) < MIN_POSTS:
        return None
    bench = Workbench(design, folds)
    forecasts = bench.predict_time((PLAIN, CLASSIFIERS, LABELS), TESTED)
    progress()
    tested = ~np.isnan(forecasts[PLAIN])
    fewest = min(np.sum(tested & (folds.time == LAST)), np.sum(tested & (folds.time < LAST)))
    if fewest < MIN_ERRORS or count_weeks(design.account[tested], design.posted_at[tested]) < MIN_WEEKS:
        return None
    label_skill = (
        compare_forecasts(design, forecasts[LABELS], forecasts[CLASSIFIERS], tested)
        if _has_labels(design)
        else None
    )
    helps = label_skill is not None and label_skill.low > 0
    candidate = LABELS if helps else PLAIN
    boosted = Candidate("boosting", candidate.inputs)
    forecasts |= bench.predict_time((boosted,), TESTED)
    progress()
    if _error(design, forecasts[boosted], folds, LAST - 1) < _error(
        design, forecasts[candidate], folds, LAST - 1
    ):
        candidate = boosted
    return _finish(bench, candidate, forecasts[candidate], label_skill, progress)


def _finish(
    bench: Workbench,
    candidate: Candidate,
    forecast: Floats,
    label_skill: Skill | None,
    progress: Callable[[], None],
) -> Choice:
    """Measure the chosen candidate, and fit it to all posts."""
    design, folds = bench.design, bench.folds
    tested = ~np.isnan(forecast)
    uses_labels = candidate.inputs == "labels"
    is_better = (
        uses_labels
        or np.abs((design.ratio - forecast)[tested & (folds.time < LAST)]).sum()
        < np.abs(design.ratio[tested & (folds.time < LAST)]).sum()
    )
    every = np.ones(len(design), bool)
    total = bench.sums(every)
    fitted = bench.fit(candidate, every, total)
    progress()
    by_account = _account_skill(bench, candidate, total, progress)
    spread = float(np.median(design.spread))
    scale = scale_errors(design.spread, design.known, spread)
    errors = {"forecast": (design.ratio - forecast) / scale, "usual": design.ratio / scale}
    used = errors["forecast" if is_better else "usual"]
    inside = _is_inside(used, folds, tested)
    last = tested & (folds.time == LAST)
    covered, worst = measure_coverage(inside[last], design.account[last])
    shown = design.usual + (forecast if is_better else 0)
    quality = Quality(
        skill_by_time=compare_forecasts(design, forecast, np.zeros(len(design)), last),
        skill_by_account=by_account,
        label_skill=label_skill,
        verdict=_verdict(label_skill),
        coverage=covered,
        coverage_worst_tenth=worst,
        spearman_within_accounts=correlate_within_accounts(
            shown[last], (design.usual + design.ratio)[last], design.account[last]
        ),
    )
    progress()
    return Choice(
        method=candidate.method if is_better else "median",
        uses_labels=uses_labels,
        ratio=fitted if is_better else None,
        interval=fit_interval(used[tested]),
        usual_interval=fit_interval(errors["usual"][tested]),
        usual_spread=spread,
        deviations=_deviations(bench, total, fitted) if uses_labels else np.empty(0),
        quality=quality,
    )


def _verdict(label_skill: Skill | None) -> Verdict:
    """Without a label on enough posts there is nothing to say about labels."""
    if label_skill is None:
        return "too few posts"
    return "labels help" if label_skill.low > 0 else "labels add nothing"


def _has_labels(design: Design) -> bool:
    return bool(design.columns.labels.shape[1])


def compare_forecasts(design: Design, forecast: Floats, reference: Floats, rows: Bools) -> Skill:
    """The skill of a forecast against another one, both as log ratios."""
    return measure_skill(
        (design.ratio - forecast)[rows],
        (design.ratio - reference)[rows],
        design.account[rows],
        design.posted_at[rows],
    )


def _error(design: Design, forecast: Floats, folds: Folds, part: int) -> float:
    return float(np.nansum(np.abs(design.ratio - forecast)[folds.time == part]))


def _account_skill(
    bench: Workbench, candidate: Candidate, total: Sums, progress: Callable[[], None]
) -> Skill | None:
    forecast = bench.predict_accounts(candidate, total, progress)
    tested = ~np.isnan(forecast)
    return (
        compare_forecasts(bench.design, forecast, np.zeros(len(forecast)), tested) if tested.any() else None
    )


def _is_inside(errors: Floats, folds: Folds, tested: Bools) -> Bools:
    """Whether the error of each post is in the interval of the errors before the last part of time."""
    interval = fit_interval(errors[tested & (folds.time < LAST)])
    return (errors >= interval.low) & (errors <= interval.high)


def _deviations(bench: Workbench, total: Sums, fitted: FittedRatio) -> Floats:
    errors = bench.design.target - fitted.ridge.predict(fitted.scaling, bench.design.columns)
    return label_deviations(total, bench.width, float(errors.std()))
