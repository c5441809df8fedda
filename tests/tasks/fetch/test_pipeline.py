"""The pipeline, with attempts that end at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.fetch import hosts, pipeline, results
from tasks.fetch.attempt import Attempt, Reason
from tasks.fetch.pipeline import Pipeline
from tasks.fetch.results import Results
from warehouse.records.pending import PictureToFetch
from warehouse.schema.table_schema import Row
from warehouse.storage.lake import Lake

pytestmark = pytest.mark.slow


class SlowLake(Lake):
    """A lake that takes its time for a write."""

    def append(self, rows: Sequence[Row]) -> int:
        """Add the rows, later."""
        time.sleep(0.2)
        return super().append(rows)


def test_a_host_that_is_given_up_does_not_stop_a_run_with_slow_writes(
    fetching: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pictures of a dead host get a row, though they end faster than the lake takes their rows."""
    monkeypatch.setattr(hosts, "MAX_SILENT_ATTEMPTS", 1)
    monkeypatch.setattr(hosts, "MAX_SETBACKS", 0)
    monkeypatch.setattr(pipeline, "MAX_TRIES", 1)
    for module in (pipeline, results):
        monkeypatch.setattr(module, "BATCH_ROWS", 10)

    async def download(url: str) -> Attempt:
        return Attempt(datetime.now(UTC), 0.0, reason=Reason.UNREACHABLE)

    def pictures() -> Iterator[list[PictureToFetch]]:
        for start in range(0, 100, 5):
            yield [PictureToFetch(f"http://x.example/{n}.jpg", 0) for n in range(start, start + 5)]

    async def run() -> None:
        async with asyncio.timeout(600):
            await tested.run(pictures)

    rows = Results(SlowLake(fetching.home.lake.folder), lambda done: None)
    tested = Pipeline(download, 8, 4, rows)
    asyncio.run(run())
    rows.write_now()
    assert tested.tally == {"unreachable": 100}
    assert fetching.rows("select count(*) from fetches") == [(100,)]
