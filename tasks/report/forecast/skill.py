"""What the models are worth, in words and as a table. Overall correlations are no skill, so they are not shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from tasks.forecast_model import ForecastInfo, Skill
from tasks.report.trends.content import TrendTable
from tasks.report.wording import UNKNOWN, full_date, number, percent, posts
from warehouse.overview.forecast_scores import RECENT_DAYS, ForecastScore

TARGET = 0.8
"""The share of posts inside an 80 % interval that is right."""
_CAPTION = (
    "What the forecast is worth, on posts that the model had not seen, with 95% intervals. The usual is the median of the"
    " account's last ten posts. Errors are in the logarithm of the count."
)


def verdict_sentences(info: ForecastInfo) -> Iterator[str]:
    """Whether labels help, and whether the forecast is better than the usual at all."""
    name = info.measure.capitalize()
    whose = "the account" if info.accounts == 1 else "each account"
    if info.skill_by_time is None:
        yield (
            f"{name}: too few posts to learn from ({number(info.posts)} of comparable age). The forecast is what {whose}"
            " usually gets."
        )
        return
    if info.verdict == "labels help":
        text = f"{name}: labels help. What a picture shows makes the forecast better"
    elif info.verdict == "labels add nothing":
        text = f"{name}: labels add nothing. What a picture shows does not move the forecast"
    else:
        text = f"{name}: no label is on enough posts to say whether labels help. What a picture shows does not move the forecast"
    if info.label_skill is not None:
        text += f": with labels its error is smaller by {format_skill(info.label_skill)}"
    yield f"{text}."
    if info.skill_by_time.low <= 0:
        yield f"It is not certain that the forecast of {info.measure} is better than what {whose} usually gets."


def coverage_sentence(info: ForecastInfo, score: ForecastScore, *, has_period: bool) -> str:
    """How many posts had their number in the interval; before there are enough, how many of those held out in the training."""
    if score.low is not None and score.high is not None:
        return _describe_score(
            info, score, "the chosen period" if has_period else f"the last {RECENT_DAYS} days"
        )
    if not score.posts:
        text = f"No forecast of {info.measure} can be compared with what came yet."
    elif score.posts == 1:
        text = f"1 forecast of {info.measure} can be compared with what came, too few to say how true the intervals are."
    else:
        text = (
            f"{number(score.posts)} forecasts of {info.measure} can be compared with what came, too few to say how true the"
            " intervals are."
        )
    if info.coverage is not None and info.skill_by_time is not None:
        text += (
            f" On the {posts(info.skill_by_time.posts)} that the training held out, {percent(info.coverage)} were inside the"
            " 80% interval."
        )
    return text


def skill_table(infos: Sequence[ForecastInfo], now: datetime) -> TrendTable:
    """A column for each model; rows without any number are left out."""
    rows = [(title, *(cell(info) for info in infos)) for title, cell in _rows(now)]
    shown = tuple(row for row in rows if any(value != UNKNOWN for value in row[1:]))
    return TrendTable(_CAPTION, ("", *(info.measure.capitalize() for info in infos)), shown)


def format_skill(skill: Skill | None) -> str:
    """For example '12% (8.0% to 16%; 1,020 posts)'; a dash for none."""
    if skill is None:
        return UNKNOWN
    return f"{_percent(skill.value)} ({_percent(skill.low)} to {_percent(skill.high)}; {posts(skill.posts)})"


def _describe_score(info: ForecastInfo, score: ForecastScore, period: str) -> str:
    share = f"{percent(score.covered / score.posts)}; {percent(score.low)} to {percent(score.high)}"
    text = (
        f"Of {posts(score.posts)} of {period} with a forecast of {info.measure}, {number(score.covered)} ({share}) were inside"
        " their 80% interval."
    )
    if score.skill is not None and score.skill_low is not None and score.skill_high is not None:
        interval = f"{_percent(score.skill_low)} to {_percent(score.skill_high)}"
        text += f" Their error was smaller than the usual's by {_percent(score.skill)} ({interval})."
    if score.low is not None and score.high is not None and not score.low <= TARGET <= score.high:
        text += (
            " The share differs from 80% by more than chance: posts earn otherwise than when the model was trained."
            " Train it again with likelens forecast --train."
        )
    return text


def _rows(now: datetime) -> Iterator[tuple[str, Callable[[ForecastInfo], str]]]:
    yield "Error smaller than the usual's, later posts", lambda info: format_skill(info.skill_by_time)
    yield "The same, accounts it has not seen", lambda info: format_skill(info.skill_by_account)
    yield "Of this by labels", lambda info: format_skill(info.label_skill)
    yield "Inside the 80% interval, later posts", _coverage
    yield "The same, worst tenth of the accounts", lambda info: percent(info.coverage_worst_tenth)
    yield "Verdict", lambda info: info.verdict
    yield "Trained", lambda info: f"{full_date(info.trained_at.date())} ({_age(info.trained_at, now)})"
    yield "Trained on", _trained_on


def _coverage(info: ForecastInfo) -> str:
    if info.coverage is None or info.skill_by_time is None:
        return UNKNOWN
    return f"{percent(info.coverage)} ({posts(info.skill_by_time.posts)})"


def _trained_on(info: ForecastInfo) -> str:
    return f"{posts(info.posts)} of {info.accounts:,} account{'' if info.accounts == 1 else 's'}"


def _age(trained_at: datetime, now: datetime) -> str:
    days = max(0, (now - trained_at).days)
    return "today" if days == 0 else f"{days:,} day{'' if days == 1 else 's'} old"


def _percent(share: float) -> str:
    """With one decimal below 10 %, and a true minus sign."""
    return f"{100 * share:.{0 if abs(share) >= 0.1 else 1}f}%".replace("-", "−")
