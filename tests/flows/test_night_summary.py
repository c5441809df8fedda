"""The summary of a run that is not complete, with names and messages from strangers."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flows.night_summary import summarize_night
from flows.settings import read_settings
from tasks.run import Run
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import Fetch
from warehouse.schema.tables import Post

SETTINGS = """
home = "data"
[[sources]]
name = "ann"
kind = "gallery"
profile = "imgrum"
url = "http://www.imgrum.net/user/ann/1"
"""
HOSTILE = "<img src=x> [here](http://evil.example) | a\nb"


def test_a_failed_night_says_what_failed_and_what_to_do(tmp_path: Path) -> None:
    """The stage's message is plain text, each reason has its advice, a quiet source is named; nothing is found."""
    (tmp_path / "likelens.toml").write_text(SETTINGS)
    settings = read_settings(tmp_path / "likelens.toml")
    settings.home.prepare()
    run = Run(settings.home, begin_run(settings.home.lake))
    now = datetime.now(UTC)
    post = dict.fromkeys(one.name for one in fields(Post))
    post |= {"source": "ann", "post_id": "1", "account": "ann", "url": "", "kind": "image", "pinned": False}
    post |= {"posted_at": now - timedelta(days=30), "first_seen_at": now, "last_seen_at": now}
    fetch = dict.fromkeys(one.name for one in fields(Fetch))
    fetch |= {
        "picture_url": "http://x/1",
        "attempted_at": now,
        "status": "failed",
        "reason": "private_address",
    }
    settings.home.lake.upsert([Post(**post)])
    settings.home.lake.upsert([Fetch(**fetch | {"seconds": 0.1})])
    run.journal.start("scrape", "ann")
    run.journal.finish("scrape", "ann", StageResult("failed", message=HOSTILE))
    text = summarize_night(run, settings, StageResult("failed", 0, 1, ""))
    assert re.match(r"\*\*Failed\*\* in .* (s|min)\. 1 new post, 0 new pictures\.", text), text
    assert r"- **scrape ann** is failed. \<img src=x\> \[here\](http\://evil.example) \| a b" in text
    assert "| `private_address` | 1 | name the host in allow_private_hosts if it is yours |" in text
    assert "ann: no new post for 30 days" in text
    assert "## Findings" not in text
    assert "## Cost" not in text
