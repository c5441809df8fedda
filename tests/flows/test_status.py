"""`likelens status`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.settings import read_settings
from warehouse.records.gaps import record_failures
from warehouse.schema.tables import Thread

pytestmark = pytest.mark.slow


def test_known_gaps_are_listed(tmp_path: Path, settings: str, command) -> None:
    """A post whose page failed in three runs is listed with its reason; one that failed twice, or was read since, is not."""
    config = tmp_path / "likelens.toml"
    config.write_text(settings)
    home = read_settings(config).home
    home.prepare()
    now = datetime.now(UTC)
    for days in (3, 2, 1):
        failed = {"lost": "the page does not exist (HTTP 404)", "again": "HTTP 500"}
        record_failures(
            home.lake, "demo", failed | ({"twice": "HTTP 500"} if days < 3 else {}), now - timedelta(days)
        )
    home.lake.upsert([Thread(source="demo", post_id="again", read_at=now, comments=None)])
    status = command(tmp_path, "status")
    assert status.returncode == 0
    shown = status.stdout
    assert "Known gaps" in shown and "lost" in shown and "HTTP 404" in shown
    assert "again" not in shown.partition("Known gaps")[2].partition("\n\n")[0]
    assert "twice" not in shown
