"""Print what the forecast models are worth: their skill, their coverage, and whether labels help."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime

import polars as pl

from flows.forecasting.picture_output import NO_LABELS
from flows.output import show, wrap, write
from flows.printable import printable
from tasks.forecast.account_quality import AccountQuality
from tasks.forecast_model import ForecastInfo, Skill
from warehouse.overview.forecast_scores import NOTHING, ForecastScore

NONE = "–"
Scores = Mapping[str, ForecastScore]
Qualities = Mapping[str, AccountQuality]


def print_skill(
    infos: Sequence[ForecastInfo], scores: Scores, qualities: Qualities, account: str | None
) -> None:
    """A table with a column for each model, and the verdicts in sentences.

    `qualities` are those of the account, where there are several.
    """
    figures = [_figures(info) for info in infos]
    rows = [
        {"figure": row[0][0], **{info.measure: value for info, (_, value) in zip(infos, row, strict=True)}}
        for row in zip(*figures, strict=True)
        if any(value != NONE for _, value in row)
    ]
    show(
        pl.DataFrame(rows),
        title="What the forecast is worth (on posts that the model had not seen; 95 % intervals)",
    )
    for info in infos:
        own = qualities.get(info.measure)
        of_account = [] if own is None or account is None else _account_verdict(own, account)
        for sentence in (
            *_verdict(info),
            *of_account,
            describe_score(info, scores.get(info.measure, NOTHING), account),
        ):
            print(wrap(f"{info.measure}: {printable(sentence)}"))


def print_skill_as_json(infos: Sequence[ForecastInfo], scores: Scores, qualities: Qualities) -> None:
    """An array with an object for each model: all that it says about itself, and its scored forecasts."""
    rows = []
    for info in infos:
        own = qualities.get(info.measure)
        scored = asdict(scores.get(info.measure, NOTHING))
        rows.append(asdict(info) | {"scored": scored, "account": None if own is None else asdict(own)})
    write(json.dumps(rows, default=_plain, ensure_ascii=False, indent=2) + "\n")


def format_skill(skill: Skill | None) -> str:
    """For example '0.12 (0.08 to 0.16)'; a dash for none."""
    return NONE if skill is None else f"{skill.value:.3f} ({skill.low:.3f} to {skill.high:.3f})"


def format_score(score: ForecastScore) -> str:
    """For example '0.79 of 210 posts (0.71 to 0.85)', or that they are too few."""
    if score.low is None or score.high is None:
        return f"too few posts yet ({score.posts:,})"
    return f"{score.covered / score.posts:.2f} of {score.posts:,} posts ({score.low:.2f} to {score.high:.2f})"


def describe_score(info: ForecastInfo, score: ForecastScore, account: str | None) -> str:
    """How the forecasts of the nights did, in a sentence."""
    whose = f" of {account}" if account else ""
    if score.low is None or score.high is None:
        return (
            f"too few forecasts{whose} can be compared with what came ({score.posts:,} posts yet); each night writes"
            " forecasts, and a number counts after seven days."
        )
    text = (
        f"{score.covered:,} of {score.posts:,} forecast posts{whose} were in their 80 % interval,"
        f" {score.covered / score.posts:.2f} ({score.low:.2f} to {score.high:.2f})."
    )
    if score.skill is not None:
        low, high = score.skill_low or 0.0, score.skill_high or 0.0
        text += (
            f" Their error was {100 * score.skill:.0f} % smaller than the usual's ({100 * low:.0f} to {100 * high:.0f} %"
            f"{_negative(low)})."
        )
    if not score.low <= 0.8 <= score.high:
        text += " The share is not 0.80: the account has changed since. Train again with `likelens forecast --train`."
    return text


def _figures(info: ForecastInfo) -> list[tuple[str, str]]:
    labels = ", ".join(info.classifiers) or "none"
    return [
        ("error smaller than the usual's, later posts", format_skill(info.skill_by_time)),
        ("the same, accounts it has not seen", format_skill(info.skill_by_account)),
        ("of this by labels", format_skill(info.label_skill)),
        ("in the 80 % interval", _share(info.coverage)),
        ("the same, worst tenth of accounts", _share(info.coverage_worst_tenth)),
        ("rank correlation within accounts", _share(info.spearman_within_accounts)),
        ("posts", f"{info.posts:,} of {info.accounts:,} account{'' if info.accounts == 1 else 's'}"),
        ("posted", f"{_day(info.first_posted_at)} to {_day(info.last_posted_at)}"),
        ("labels of", labels),
        ("method", info.method),
        ("trained", f"{info.trained_at:%Y-%m-%d %H:%M} UTC"),
    ]


def _verdict(info: ForecastInfo) -> list[str]:
    several = info.accounts > 1
    whose = (
        f"these {info.accounts:,} accounts" if several else "this account" if info.accounts else "an account"
    )
    usual = f"what {whose} usually {'get' if several else 'gets'}"
    if info.skill_by_time is None:
        return [f"too few posts to learn from ({info.posts:,} of comparable age). The forecast is {usual}."]
    sentences = []
    if info.skill_by_time.low <= 0:
        sentences.append(
            f"the model is not certain to be better than {usual}: the interval reaches down to no skill."
        )
    if info.verdict == "labels add nothing":
        sentences.append(f"labels add nothing for {whose}: what a picture shows does not move the forecast.")
    elif info.verdict == "labels help":
        sentences.append(f"labels help for {whose}: what a picture shows makes the forecast better.")
    else:
        sentences.append(NO_LABELS)
    if info.backfilled > 0.5:
        sentences.append(
            f"{100 * info.backfilled:.0f} % of the posts are older than the first run, and their usual is from counts seen later:"
            " the skill of new posts may differ."
        )
    return sentences


def _account_verdict(quality: AccountQuality, account: str) -> list[str]:
    """The skill and the verdict of one account, where the model was trained on several."""
    if quality.skill is None:
        return [
            f"{account} has too few later posts ({quality.posts:,}) to say what a forecast is worth for it alone."
        ]
    sentences = [
        f"on {quality.posts:,} later posts of {account} the error is {_percent(quality.skill)} smaller than the usual's."
    ]
    if quality.label_skill is not None:
        add = "labels help" if quality.verdict == "labels help" else "labels add nothing"
        sentences.append(
            f"{add} for this account: with them its error is {_percent(quality.label_skill)} smaller than without."
        )
    return sentences


def _percent(skill: Skill) -> str:
    interval = f"{100 * skill.low:.1f} to {100 * skill.high:.1f} %{_negative(skill.low)}"
    return f"{100 * skill.value:.1f} % ({interval})"


def _negative(low: float) -> str:
    """What an interval adds that reaches below 0."""
    return "; below 0 it is larger" if low < 0 else ""


def _share(value: float | None) -> str:
    return NONE if value is None else f"{value:.2f}"


def _day(time: datetime | None) -> str:
    return NONE if time is None else f"{time:%Y-%m-%d}"


def _plain(value: object) -> str:
    assert isinstance(value, datetime)
    return value.isoformat()
