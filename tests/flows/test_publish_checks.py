"""A run whose rows are not right publishes nothing: the last good database stays, and the exit status is 1."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import duckdb
import pytest
from deltalake import DeltaTable, write_deltalake

from flows.settings import read_settings
from warehouse.database.publish import publish
from warehouse.records.runs import stage_runs

pytestmark = pytest.mark.slow


@pytest.fixture
def copied(ran: Path, tmp_path: Path) -> Path:
    """A copy of a folder after a run."""
    shutil.copytree(ran, tmp_path, dirs_exist_ok=True)
    publish(read_settings(tmp_path / "likelens.toml").home)
    return tmp_path


def test_doubled_rows_stop_the_publish_until_they_are_gone(copied, likelens):
    """The message, the journal and the status name the check; after the repair the next run publishes."""
    home = read_settings(copied / "likelens.toml").home
    before = home.database.read_bytes()
    labels = DeltaTable(str(home.lake.folder / "labels"))
    rows = labels.to_pyarrow_table().slice(0, 2)
    write_deltalake(labels, rows, mode="append")
    stopped = likelens(copied, "run")
    assert stopped.returncode == 1, stopped.stderr[-3000:]
    assert "publish: failed. Nothing is published, because the stored rows are not right." in stopped.stderr
    assert "labels: 2 keys (sha256, classifier, version, region, rank) are stored twice" in stopped.stderr
    assert home.database.read_bytes() == before
    row = stage_runs(home.lake, "stage = 'publish'")[-1]
    assert (row.status, row.failures) == ("failed", 1)
    assert json.loads(row.counts or "")["checks"]["keys"]["problems"] == 1
    assert not stage_runs(home.lake, f"run_id = '{row.run_id}' and stage in ('rank', 'report')")
    assert likelens(copied, "rank", "--classifier", "visual", "--by", "count").returncode == 0
    labels.update_incremental()
    labels.restore(labels.version() - 1)
    repaired = likelens(copied, "run")
    assert repaired.returncode == 0, repaired.stderr[-3000:]
    assert "Checks passed: keys, references, counts, vectors, freshness, failed_pictures." in repaired.stdout
    with duckdb.connect(str(home.database), read_only=True) as database:
        query = (
            "select counts ->> '$.checks.keys.problems' from runs where stage = 'publish' order by started_at"
        )
        assert [value for (value,) in database.execute(query).fetchall()] == ["0", "1", "0"]
