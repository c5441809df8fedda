"""Print the forecast of one picture, and the order of several."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from flows.forecasting.planning import PictureForecast, Plan
from flows.output import show, wrap
from flows.printable import printable
from tasks.forecast.training import MIN_LABEL_POSTS
from tasks.forecast_model import Forecast, ForecastInfo, LabelEffect, Measure
from tasks.picture_order import RankedPicture, describe_order

MAX_EFFECTS = 8
"""Labels of a picture that are listed; JSON has all."""
INTERVAL = "80 % interval"
NO_LABELS = (
    f"no label is on {MIN_LABEL_POSTS} posts or more: what a picture shows does not move the forecast, and whether it would"
    " help is not known."
)


def print_picture(one: PictureForecast, plan: Plan, notes: Sequence[str], zone: str) -> None:
    """The forecast beside the usual, the labels that move it, and what a user should know about it."""
    rows = [
        {
            "": measure,
            "forecast": _count(found.median),
            INTERVAL: format_interval(found.low, found.high),
            "usual": _count(found.usual),
            "usual's interval": format_interval(found.usual_low, found.usual_high),
            "forecast / usual": _ratio(found),
        }
        for measure, found in one.forecasts.items()
    ]
    show(pl.DataFrame(rows), title=f"{one.file.name} as {describe_plan(plan, zone)}")
    _print_effects(one.forecasts)
    shown = [f"{name}: {', '.join(labels) or 'no label'}" for name, labels in one.labels.items()]
    if shown:
        print("The picture shows:")
    for line in shown:
        print(wrap(printable(line)))
    if notes:
        print("Notes:")
        for note in notes:
            print(wrap(printable(note)))


def picture_as_json(one: PictureForecast, plan: Plan, notes: Sequence[str]) -> str:
    """The same as a JSON object."""
    values = {
        "picture": str(one.file),
        **_plan_values(plan),
        "labels": one.labels,
        "forecasts": [_forecast_values(measure, found) for measure, found in one.forecasts.items()],
        "notes": list(notes),
    }
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def print_order(
    ranked: Sequence[RankedPicture],
    pictures: Sequence[PictureForecast],
    by: Measure,
    plan: Plan,
    zone: str,
    notes: Sequence[str],
) -> None:
    """The candidates, the best first, with intervals and how sure their order is."""
    others = {one.file: one.forecasts for one in pictures}
    rows = []
    for one in ranked:
        row: dict[str, Any] = {"rank": one.rank, "picture": one.file.name}
        for measure in (by, *(other for other in others[one.file] if other != by)):
            found = others[one.file][measure]
            row |= {
                measure: _count(found.median),
                f"{measure} interval": format_interval(found.low, found.high),
            }
        rows.append(
            row | {"first gets more": "" if one is ranked[0] else f"{100 * one.first_wins:.0f} of 100"}
        )
    usual = ranked[0].forecast.usual
    title = f"Candidates by {by} as {describe_plan(plan, zone)}; usual {by}: {_count(usual)}; 80 % intervals"
    show(pl.DataFrame(rows), title=title)
    for sentence in filter(None, [describe_order(ranked, by), *notes]):
        print(wrap(printable(sentence)))


def order_as_json(
    ranked: Sequence[RankedPicture],
    pictures: Sequence[PictureForecast],
    by: Measure,
    plan: Plan,
    notes: Sequence[str],
) -> str:
    """The same as a JSON object; `pictures` has them in their order."""
    known = {one.file: one for one in pictures}
    values = {
        **_plan_values(plan),
        "by": by,
        "order": describe_order(ranked, by),
        "pictures": [
            {
                "rank": one.rank,
                "picture": str(one.file),
                "first_gets_more": round(one.first_wins, 4),
                "labels": known[one.file].labels,
                "forecasts": [
                    _forecast_values(measure, found) for measure, found in known[one.file].forecasts.items()
                ],
            }
            for one in ranked
        ],
        "notes": list(notes),
    }
    return json.dumps(values, ensure_ascii=False, indent=2) + "\n"


def notes_of(pictures: Sequence[PictureForecast], infos: Mapping[Measure, ForecastInfo]) -> list[str]:
    """What a user should know about these forecasts, each sentence once."""
    notes = []
    for measure, info in infos.items():
        if info.verdict == "labels add nothing":
            notes.append(
                f"Labels add nothing to the forecast of {measure}: what a picture shows does not move it."
            )
        if info.verdict == "too few posts" and info.skill_by_time is not None:
            notes.append(f"{measure}: {NO_LABELS}")
        elif info.verdict == "too few posts":
            notes.append(
                f"{measure}: too few posts to learn from ({info.posts:,} of comparable age). The forecast is what the account"
                " usually gets."
            )
        notes += [f"{measure}: {note}" for one in pictures for note in one.forecasts[measure].notes]
    return list(dict.fromkeys(notes))


def describe_plan(plan: Plan, zone: str) -> str:
    """For example 'an image of ann on Tue 2026-12-01 18:00 (Europe/Berlin)'."""
    article = "an" if plan.kind == "image" else "a"
    when = plan.posted_at.astimezone(ZoneInfo(zone))
    return f"{article} {plan.kind} of {plan.account} on {_weekday(when)} {when:%Y-%m-%d %H:%M} ({zone})"


def format_interval(low: float | None, high: float | None) -> str:
    """For example '810 to 1,980'; a dash for none."""
    return "–" if low is None or high is None else f"{_count(low)} to {_count(high)}"


def _print_effects(forecasts: Mapping[Measure, Forecast]) -> None:
    """The labels that move the forecast, the strongest first."""
    found: dict[tuple[str, str], dict[Measure, LabelEffect]] = {}
    for measure, forecast in forecasts.items():
        for effect in forecast.effects:
            found.setdefault((effect.label, effect.classifier), {})[measure] = effect

    def strength(key: tuple[str, str]) -> float:
        return max(abs(math.log(max(one.factor, 1e-9))) for one in found[key].values())

    rows = [
        {
            "label": label,
            "classifier": name,
            "posts": max(one.posts for one in found[label, name].values()),
            **{measure: _factor(found[label, name].get(measure)) for measure in forecasts},
        }
        for label, name in sorted(found, key=strength, reverse=True)[:MAX_EFFECTS]
    ]
    if rows:
        show(
            pl.DataFrame(rows),
            title="Its labels: how many times the forecast without the label (95 % interval)",
        )


def _factor(effect: LabelEffect | None) -> str:
    return "–" if effect is None else f"× {effect.factor:.2f} ({effect.low:.2f} to {effect.high:.2f})"


def _forecast_values(measure: Measure, found: Forecast) -> dict[str, Any]:
    return {"measure": measure, **asdict(found)}


def _plan_values(plan: Plan) -> dict[str, Any]:
    return {
        "source": plan.source,
        "account": plan.account,
        "kind": plan.kind,
        "posted_at": plan.posted_at.isoformat(),
    }


def _ratio(found: Forecast) -> str:
    if found.median is None or not found.usual:
        return "–"
    return f"× {found.median / found.usual:.2f}"


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f}"


def _weekday(when: datetime) -> str:
    return ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")[when.weekday()]


def name_files(files: Sequence[Path], most: int = 3) -> str:
    """The names of some files, for a sentence."""
    some = ", ".join(printable(file.name) for file in files[:most])
    return some + (", …" if len(files) > most else "")
