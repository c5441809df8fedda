"""From the published database and the models' descriptions to the section 'Forecast'."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import duckdb

from tasks.report.chart_source import ChartSource
from tasks.report.chart_style import NARROW, WIDTH
from tasks.report.charts import chart_svg
from tasks.report.forecast.calibration_chart import MAX_POINTS, chart_title, draw_calibration
from tasks.report.forecast.candidates import order_candidates
from tasks.report.forecast.content import ForecastSection, ForecastSettings, MeasureChart
from tasks.report.forecast.skill import coverage_sentence, skill_table, verdict_sentences
from tasks.report.trends.content import TrendCard, TrendTable
from tasks.report.wording import number, percent, posts
from warehouse.overview.forecast_outcomes import ForecastOutcomes, has_outcomes, outcome_scores, outcomes_of
from warehouse.overview.forecast_scores import NOTHING
from warehouse.overview.summary import last_run
from warehouse.ranking.ranking_query import RankingQuery

MIN_POINTS = 10
"""Posts of a chart; with fewer it would show nothing but their scatter."""


def forecast_section(
    database: duckdb.DuckDBPyConnection, settings: ForecastSettings | None, chosen: RankingQuery
) -> ForecastSection | None:
    """The section for the posts of `chosen`; None without a model, and in the database of an older likelens.

    Skill and verdicts are of all accounts. Candidates are of the account, and in no report of a period.
    """
    if settings is None or not settings.infos or not has_outcomes(database):
        return None
    now = datetime.now(UTC)
    has_period = chosen.since is not None or chosen.until is not None
    scores = outcome_scores(database, chosen)
    sentences: list[str] = []
    charts: list[MeasureChart] = []
    for info in settings.infos:
        score = scores.get(info.measure, NOTHING)
        sentences += [*verdict_sentences(info), coverage_sentence(info, score, has_period=has_period)]
        if score.posts >= MIN_POINTS and (found := outcomes_of(database, chosen, info.measure, MAX_POINTS)):
            charts.append(MeasureChart(info.measure, _card(database, info.measure, found)))
    account = chosen.account
    shown = (
        settings.candidates is not None and not has_period and account in (None, settings.account or account)
    )
    return ForecastSection(
        tuple(sentences),
        skill_table(settings.infos, now),
        tuple(charts),
        order_candidates(database, replace(settings, account=settings.account or account), now)
        if shown
        else None,
        tuple(_remarks(settings, account)),
    )


def _remarks(settings: ForecastSettings, account: str | None) -> Iterator[str]:
    accounts = max(info.accounts for info in settings.infos)
    if account is not None and accounts > 1:
        yield f"Skill and verdicts are of all {accounts:,} accounts."
    if any(info.backfilled > 0.5 for info in settings.infos):
        yield (
            "Most posts are older than the first run, and what was usual then is from counts seen later: the skill of new posts"
            " may differ."
        )


def _card(database: duckdb.DuckDBPyConnection, measure: str, found: ForecastOutcomes) -> TrendCard:
    source = ChartSource(
        found.posts,
        found.accounts,
        found.since,
        found.until,
        database="likelens.duckdb",
        run_id=last_run(database)[0],
        version="",
        drawn=datetime.now(UTC).date(),
    )
    wide, narrow = (chart_svg(draw_calibration(found, measure, source, pixels)) for pixels in (WIDTH, NARROW))
    rows = tuple(
        (
            f"{number(row['first'])} to {number(row['last'])}",
            number(row["posts"]),
            number(row["forecast"]),
            number(row["outcome"]),
            f"{number(row['covered'])} ({percent(row['covered'] / row['posts'])})",
        )
        for row in found.parts.iter_rows(named=True)
    )
    title = chart_title(measure)
    table = TrendTable(
        f"{title}: the posts by their forecast, with the medians of forecasts and of what came, and the posts inside their"
        " 80% interval.",
        ("Forecast", "Posts", "Median forecast", f"Median {measure}", "Inside"),
        rows,
    )
    return TrendCard(title, wide, _in_words(title, measure, found), table, narrow)


def _in_words(title: str, measure: str, found: ForecastOutcomes) -> str:
    covered = sum(found.parts["covered"])
    parts = "; ".join(
        f"forecast {number(row['forecast'])}, came {number(row['outcome'])} ({posts(row['posts'])})"
        for row in found.parts.iter_rows(named=True)
    )
    return (
        f"{title}. {number(covered)} of {posts(found.posts)} got {measure} inside their 80% interval. Medians by size of the"
        f" forecast: {parts}."
    )
