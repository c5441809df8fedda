"""The forecast from an account's usual count alone, where nothing can be learned from so few posts."""

from __future__ import annotations

import numpy as np

from tasks.forecast.conformal import MIN_ERRORS, tail_place
from tasks.forecast.planned import KnownPosts
from tasks.forecast_model import Forecast, Measure
from warehouse.forecast.levels import LONG_POSTS, last_known


def forecast_usual(known: KnownPosts, measure: Measure) -> list[Forecast]:
    """The median of the account's last 10 posts, with the 80 % interval of its last 30.

    The interval goes from one of their counts to another one: a next post, if it is like them, is outside with at most
    10 % at each end. With fewer than 9 posts there is none.
    """
    posts = known.posts
    counts, _ = last_known(known.history, posts.account, posts.posted_at, posts.cutoff, LONG_POSTS)
    forecasts = []
    for place, usual in enumerate(known.features.levels.usual):
        if np.isnan(usual):
            forecasts.append(known.without_usual(place, measure))
            continue
        ordered = np.sort(counts[place][~np.isnan(counts[place])])
        middle = float(np.expm1(usual))
        low = high = None
        notes = list(known.notes(place))
        if len(ordered) >= MIN_ERRORS:
            outside = tail_place(len(ordered))
            low, high = float(np.expm1(ordered[outside])), float(np.expm1(ordered[-1 - outside]))
        else:
            notes.append(
                f"Only {len(ordered)} posts of {known.planned[place].account} have a known number of {measure}; an interval"
                f" needs {MIN_ERRORS}."
            )
        forecasts.append(
            Forecast(
                usual=middle,
                usual_low=low,
                usual_high=high,
                median=middle,
                low=low,
                high=high,
                notes=tuple(notes),
            )
        )
    return forecasts
