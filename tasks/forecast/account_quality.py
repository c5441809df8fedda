"""What a forecast is worth for one of several accounts: its skill, and whether labels help there."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from tasks.forecast.candidates import Workbench
from tasks.forecast.choice import CLASSIFIERS, LABELS, PLAIN, TESTED, compare_forecasts
from tasks.forecast.folds import make_folds
from tasks.forecast.training import ForecastOptions, read_design
from tasks.forecast_model import Measure, Skill, Verdict

MIN_TESTED = 30
"""Later posts of the account; with fewer the interval of its weeks would be a guess."""


@dataclass(frozen=True, slots=True)
class AccountQuality:
    """The skill of the ridge on the later posts of one account, forecast from all posts before; `posts` are these.

    `skill` is against the account's usual count, `label_skill` against the same without labels; None with too few posts.
    """

    posts: int
    skill: Skill | None = None
    label_skill: Skill | None = None
    verdict: Verdict = "too few posts"


def measure_account(
    database: duckdb.DuckDBPyConnection,
    measure: Measure,
    options: ForecastOptions,
    source: str,
    account: str,
    *,
    uses_labels: bool,
) -> AccountQuality:
    """Train on each part of time before the later three fifths of all posts, and compare the errors of the account.

    It takes as long as a training. `uses_labels`: whether the stored model does, so that `skill` is of such a model.
    """
    read = read_design(database, measure, options)
    design, names = read.design, read.accounts.rows()
    of_account = design.account == (names.index((source, account)) if (source, account) in names else -1)
    bench = Workbench(design, make_folds(design, read.outcome_days))
    forecasts = bench.predict_time((PLAIN, CLASSIFIERS, LABELS), TESTED)
    tested = of_account & ~np.isnan(forecasts[PLAIN])
    number = int(tested.sum())
    if number < MIN_TESTED:
        return AccountQuality(number)
    forecast = forecasts[LABELS if uses_labels else PLAIN]
    skill = compare_forecasts(design, forecast, np.zeros(len(design)), tested)
    if not design.columns.labels.shape[1]:
        return AccountQuality(number, skill)
    label_skill = compare_forecasts(design, forecasts[LABELS], forecasts[CLASSIFIERS], tested)
    return AccountQuality(
        number, skill, label_skill, "labels help" if label_skill.low > 0 else "labels add nothing"
    )
