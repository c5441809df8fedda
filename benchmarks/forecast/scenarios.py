"""The scenarios of one seed: what a training says about each simulated gallery."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.forecast.simulated_home import make_database
from benchmarks.truth.galleries import Plan, make_gallery
from tasks.forecast.training import ForecastOptions, fit_model
from tasks.forecast_model import ForecastInfo, Skill

SMALL = {"posts": 5_000, "accounts": 40, "labels": 600}
ONE_ACCOUNT: dict[str, Any] = {
    "posts": 1_500,
    "accounts": 1,
    "labels": 600,
    "account_sd": 0.0,
    "equal_accounts": True,
}
SCENARIOS: dict[str, tuple[Plan, bool]] = {
    "watched": (Plan(), True),
    "backfilled": (Plan(), False),
    "no effects": (Plan(**SMALL, effects=0.0), True),
    "no effects, one account": (Plan(**ONE_ACCOUNT, effects=0.0), True),
    "one account": (Plan(**ONE_ACCOUNT), True),
}
"""The plan of each gallery, and whether it was observed from its first post on."""


def run_scenario(name: str, seed: int, folder: Path) -> dict[str, Any]:
    """What a training says about the gallery of a seed; stored in the folder, and read from there if it is stored."""
    file = folder / f"{name.replace(', ', '-').replace(' ', '-')}-{seed}.json"
    if not file.exists():
        plan, watched = SCENARIOS[name]
        with make_database(make_gallery(plan, seed), watched=watched) as database:
            info = fit_model(database, "likes", ForecastOptions(), _ignore).info
        file.write_text(json.dumps(_numbers(info)), "utf-8")
    numbers: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return numbers


def _ignore(done: int, total: int) -> None:
    """No progress is shown."""


def _numbers(info: ForecastInfo) -> dict[str, Any]:
    return {
        "method": info.method,
        "verdict": info.verdict,
        "posts": info.posts,
        "by_time": _value(info.skill_by_time),
        "by_account": _value(info.skill_by_account),
        "labels": _value(info.label_skill),
        "coverage": info.coverage,
        "worst_tenth": info.coverage_worst_tenth,
        "spearman": info.spearman_within_accounts,
    }


def _value(skill: Skill | None) -> float | None:
    return None if skill is None else skill.value
