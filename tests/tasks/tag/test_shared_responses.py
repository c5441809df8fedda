"""Paid responses of a home in an object store: another machine stores those of a machine that does not come back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from classifiers.remote.outcomes import ExpectedOutput
from tasks.tag.ledger import RequestRecord
from tasks.tag.response_store import ResponseStore
from warehouse.home import Home
from warehouse.records.charges import Model

RECORD = RequestRecord(
    "r1",
    "tags",
    "1",
    Model("m", "v"),
    ("a" * 64,),
    ExpectedOutput(False, 5, (1,)),
    datetime(2026, 5, 1, tzinfo=UTC),
    None,
)


def test_a_response_is_on_all_machines_until_it_is_stored(s3: Any, tmp_path: Path) -> None:
    """It is in the store when `save` returns, and is gone everywhere when one machine has stored it."""
    killed, other = (ResponseStore(Home(tmp_path / name, s3.store())) for name in ("killed", "other"))
    killed.mark_unsent([RECORD])
    killed.mark_sent(RECORD)
    killed.save(RECORD, b"response")
    assert list(other.saved()) == [(RECORD, b"response")]
    other.remove([RECORD])
    assert list(other.saved()) == []
    # The killed machine comes back: its own copy is stored once more, which adds no row.
    assert list(killed.saved()) == [(RECORD, b"response")]


def test_requests_that_were_not_sent_are_known_where_they_were_made(s3: Any, tmp_path: Path) -> None:
    """Another machine counts them as spent, which is the safe side."""
    killed, other = (ResponseStore(Home(tmp_path / name, s3.store())) for name in ("killed", "other"))
    killed.mark_unsent([RECORD])
    assert (killed.unsent_ids(), other.unsent_ids()) == ({"r1"}, set())


def test_a_damaged_response_is_dropped_once(s3: Any, tmp_path: Path) -> None:
    """It does not come back from the store."""
    home = Home(tmp_path / "one", s3.store())
    s3.store().put("state/answers/r2.answer", b"not JSON")
    assert list(ResponseStore(home).saved()) == []
    assert not s3.store().exists("state/answers/r2.answer")
