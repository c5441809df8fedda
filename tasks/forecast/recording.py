"""Write forecasts of new posts and of candidate pictures, before their numbers are comparable.

A forecast of a post is written once, and never again. That of a candidate is made anew until a post shows the picture.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from classifiers.errors import ClassifierUnavailable
from tasks.errors import BadInput
from tasks.forecast.labelling import Lane, label_files, open_classifiers
from tasks.forecast_model import Forecast, ForecastModel, PlannedPost, plan_post
from tasks.picture_order import list_candidates
from tasks.stage_events import Report
from warehouse.database.sql_forecasts import OUTCOME_DAYS
from warehouse.forecast.posts import read_versions
from warehouse.home import Home
from warehouse.overview.known_names import find_account_sources, stored_accounts
from warehouse.records.forecasts import new_posts, posted_hashes
from warehouse.records.runs import StageResult
from warehouse.schema.forecast_tables import ForecastRow

POSTS_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class CandidateJob:
    """The candidate pictures of the settings: their folder, and the post that each would be.

    Without an account it is the only one that is stored.
    """

    folder: Path
    source: str | None
    account: str | None
    posted_at: datetime
    kind: str


def record_forecasts(
    home: Home,
    database: duckdb.DuckDBPyConnection,
    models: Sequence[ForecastModel],
    job: CandidateJob | None,
    lanes: Sequence[Lane],
    now: datetime,
    progress: Report,
) -> StageResult:
    """Write the forecasts of each model. `database` is the database that was just published.

    What prevents forecasts, such as a classifier with a new version, is in the message: it is no failure of the night.
    """
    notes: list[str] = []
    written = 0
    usable = []
    current = read_versions(database)
    for model in models:
        if outdated := _outdated(model.info.classifiers, current):
            notes.append(
                f"No forecasts of {model.info.measure}: the model was trained on labels of {outdated}. The next training uses"
                " the new ones; `likelens forecast --train` trains now."
            )
            continue
        usable.append(model)
        written += _record_posts(home, database, model, now, progress)
    if job is not None and usable:
        try:
            count, note = _record_candidates(home, database, usable, job, lanes, now)
        except (BadInput, ClassifierUnavailable) as error:
            count, note = 0, str(error)
        written += count
        notes += [f"Candidates: {note}"] if note else []
    return StageResult("done", written, message=" ".join(notes))


def _outdated(trained: Mapping[str, str], current: Mapping[str, str]) -> str:
    """The first classifier whose labels have another version now, in words; empty if there is none."""
    for name, version in trained.items():
        if current.get(name) != version:
            now = f"has {current[name]} now" if name in current else "is gone"
            return f"{name} {version}, and {name} {now}"
    return ""


def _record_posts(
    home: Home, database: duckdb.DuckDBPyConnection, model: ForecastModel, now: datetime, progress: Report
) -> int:
    info = model.info
    # A post that the model was trained on has no forecast, but a memory.
    after = max([now - timedelta(days=OUTCOME_DAYS), *([info.last_posted_at] if info.last_posted_at else [])])
    written = done = 0
    for posts in new_posts(home.lake, info.measure, info.classifiers, after, now, POSTS_AT_ONCE):
        planned = [plan_post(one, one.labels) for one in posts]
        forecasts = model.predict(database, planned, known_at=now)
        rows = [
            _row(model, post, forecast, now, subject=one.post_id, is_candidate=False)
            for one, post, forecast in zip(posts, planned, forecasts, strict=True)
            if is_known(forecast)
        ]
        written += home.lake.append(rows)
        done += len(posts)
        progress(done, 0)
    return written


def _record_candidates(
    home: Home,
    database: duckdb.DuckDBPyConnection,
    models: Sequence[ForecastModel],
    job: CandidateJob,
    lanes: Sequence[Lane],
    now: datetime,
) -> tuple[int, str]:
    """The number of written rows, and a sentence about files that have none."""
    source, account = _account(database, job)
    files, unreadable = hash_files(list_candidates(job.folder))
    posted = posted_hashes(home.lake, source, account, list(files))
    waiting = {sha256: file for sha256, file in files.items() if sha256 not in posted}
    versions = {name: version for model in models for name, version in model.info.classifiers.items()}
    classifiers = open_classifiers(home, lanes, versions) if waiting else []
    labelled = list(label_files(classifiers, versions, list(waiting.values())))
    readable = [(sha256, one) for sha256, one in zip(waiting, labelled, strict=True) if not one.unreadable]
    plan = PlannedPost(source=source, account=account, kind=job.kind, posted_at=job.posted_at)
    planned = [plan_post(plan, one.labels) for _, one in readable]
    rows = [
        _row(model, post, forecast, now, subject=sha256, is_candidate=True)
        for model in models
        for (sha256, _), post, forecast in zip(
            readable, planned, model.predict(database, planned, known_at=now) if planned else [], strict=True
        )
        if is_known(forecast)
    ]
    return home.lake.upsert(rows), _describe_left_out(len(posted), unreadable + len(waiting) - len(readable))


def _account(database: duckdb.DuckDBPyConnection, job: CandidateJob) -> tuple[str, str]:
    if job.account is None:
        found = stored_accounts(database, job.source, 2)
        problem = "set account in [forecast], because several are stored"
    else:
        name, sources = find_account_sources(database, job.account)
        found = [(one, name) for one in sources if job.source in (None, one)]
        problem = f"no posts of {job.account!r} are stored" + (f" from {job.source!r}" if job.source else "")
        if len(found) > 1:
            problem = f"set source in [forecast], because several have posts of {job.account!r}"
    if len(found) != 1:
        raise BadInput(f"{problem}.")
    return found[0]


def is_known(forecast: Forecast) -> bool:
    """Whether the forecast has all its numbers, and each is one."""
    values = (forecast.usual, forecast.median, forecast.low, forecast.high)
    return all(value is not None and math.isfinite(value) for value in values)


def _row(
    model: ForecastModel,
    post: PlannedPost,
    forecast: Forecast,
    now: datetime,
    *,
    subject: str,
    is_candidate: bool,
) -> ForecastRow:
    usual, median, low, high = forecast.usual, forecast.median, forecast.low, forecast.high
    assert usual is not None
    assert median is not None
    assert low is not None
    assert high is not None
    return ForecastRow(
        source=post.source,
        account=post.account,
        subject=subject,
        measure=model.info.measure,
        version=model.info.version,
        kind=post.kind,
        posted_at=post.posted_at,
        post_id=None if is_candidate else subject,
        sha256=subject if is_candidate else None,
        usual=usual,
        median=median,
        low=low,
        high=high,
        made_at=now,
        before_posting=is_candidate,
    )


def _describe_left_out(posted: int, unreadable: int) -> str:
    parts = [f"{posted:,} posted already"] * bool(posted) + [f"{unreadable:,} unreadable"] * bool(unreadable)
    return f"left out: {', '.join(parts)}." if parts else ""


def hash_files(files: Sequence[Path]) -> tuple[dict[str, Path], int]:
    """The files by their SHA-256, and how many could not be read."""
    hashed, unreadable = {}, 0
    for file in files:
        try:
            with file.open("rb") as stream:
                hashed[hashlib.file_digest(stream, "sha256").hexdigest()] = file
        except OSError:
            unreadable += 1
    return hashed, unreadable
