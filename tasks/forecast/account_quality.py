"""What a forecast is worth for one of several accounts: its skill, and whether labels help there."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from tasks.forecast.candidates import Candidate, Workbench
from tasks.forecast.design import Bools, Design, Floats, make_design
from tasks.forecast.evaluation import measure_skill
from tasks.forecast.folds import FIRST_TESTED, FOLDS, make_folds
from tasks.forecast.training import MAX_LABELS, MIN_LABEL_POSTS, ForecastOptions
from tasks.forecast_model import Measure, Skill, Verdict
from warehouse.forecast.features import features_of_history
from warehouse.forecast.posts import forecast_posts, read_history, read_labels, read_outcomes

MIN_TESTED = 30
"""Later posts of the account; with fewer the interval of its weeks would be a guess."""
_PLAIN = Candidate("ridge", "features")
_CLASSIFIERS = Candidate("ridge", "classifiers")
_LABELS = Candidate("ridge", "labels")


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
    with forecast_posts(database):
        history, times = read_history(database, measure, options.time_zone)
        outcomes, days = read_outcomes(database, measure)
        labels = read_labels(database, options.classifiers, least=MIN_LABEL_POSTS, most=MAX_LABELS)
    design = make_design(history, features_of_history(history, times), outcomes, labels)
    names = history.accounts.select("source", "account").rows()
    of_account = design.account == (names.index((source, account)) if (source, account) in names else -1)
    bench = Workbench(design, make_folds(design, days))
    forecasts = bench.predict_time((_PLAIN, _CLASSIFIERS, _LABELS), range(FIRST_TESTED, FOLDS))
    tested = of_account & ~np.isnan(forecasts[_PLAIN])
    number = int(tested.sum())
    if number < MIN_TESTED:
        return AccountQuality(number)
    skill = _compare(design, forecasts[_LABELS if uses_labels else _PLAIN], np.zeros(len(design)), tested)
    if not design.columns.labels.shape[1]:
        return AccountQuality(number, skill)
    label_skill = _compare(design, forecasts[_LABELS], forecasts[_CLASSIFIERS], tested)
    return AccountQuality(
        number, skill, label_skill, "labels help" if label_skill.low > 0 else "labels add nothing"
    )


def _compare(design: Design, forecast: Floats, reference: Floats, rows: Bools) -> Skill:
    return measure_skill(
        (design.ratio - forecast)[rows],
        (design.ratio - reference)[rows],
        design.account[rows],
        design.posted_at[rows],
    )
