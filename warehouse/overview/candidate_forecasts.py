"""The latest forecasts of candidate pictures, as the nights wrote them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import duckdb

from warehouse.schema.utc import as_utc, without_zone

_CANDIDATES = """
    select source, account, sha256, kind, posted_at, made_at, usual, median, low, high
    from forecasts as made
    where post_id is null and measure = $measure and posted_at > $now
          and ($account is null or account = $account) and ($source is null or source = $source)
          and not exists (from post_pictures join posts using (source, post_id)
                          where post_pictures.sha256 = made.sha256 and posts.source = made.source
                                and posts.account = made.account)
    qualify made_at = max(made_at) over ()
    order by sha256
"""


@dataclass(frozen=True, slots=True)
class CandidateForecast:
    """The forecast of a picture that is not posted yet, as counts; the times are aware and in UTC."""

    source: str
    account: str
    sha256: str
    kind: str
    posted_at: datetime
    made_at: datetime
    usual: float
    median: float
    low: float
    high: float


def candidate_forecasts(
    database: duckdb.DuckDBPyConnection,
    measure: str,
    now: datetime,
    account: str | None = None,
    source: str | None = None,
) -> list[CandidateForecast]:
    """The candidates of the last night that made forecasts, for a time after `now`; empty if there are none."""
    values = {"measure": measure, "now": without_zone(now), "account": account, "source": source}
    return [
        CandidateForecast(source, account, sha256, kind, as_utc(posted_at), as_utc(made_at), *numbers)
        for source, account, sha256, kind, posted_at, made_at, *numbers in database.execute(
            _CANDIDATES, values
        ).fetchall()
    ]
