"""The forecast models as `likelens status` shows them: their age, and whether their intervals still hold."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl

from flows.forecasting.skill_output import format_score
from flows.forecasting.stored import stored_infos
from flows.settings import Settings
from warehouse.overview.forecast_scores import NOTHING, RECENT_DAYS, read_scores

TITLE = "Forecast models: how many posts were in their 80 % interval (95 % interval)"


def forecast_status(settings: Settings) -> pl.DataFrame:
    """A row for each stored model; no rows without one.

    `at_training` is the coverage of posts held out, `since_training` that of the posts that this model forecast and whose
    number is known by now, `last_90_days` that of all models.
    """
    infos = stored_infos(settings)
    if not infos:
        return pl.DataFrame()
    recent = read_scores(settings.home.lake)
    now = datetime.now(UTC)
    return pl.DataFrame(
        [
            {
                "measure": info.measure,
                "method": info.method,
                "verdict": info.verdict,
                "trained": f"{info.trained_at:%Y-%m-%d %H:%M}",
                "age_days": (now - info.trained_at).days,
                "posts": info.posts,
                "at_training": "–" if info.coverage is None else f"{info.coverage:.2f}",
                "since_training": format_score(
                    read_scores(settings.home.lake, info.version).get(info.measure, NOTHING)
                ),
                f"last_{RECENT_DAYS}_days": format_score(recent.get(info.measure, NOTHING)),
            }
            for info in infos
        ]
    )
