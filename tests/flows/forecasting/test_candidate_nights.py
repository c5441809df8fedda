"""Two nights of a candidate picture: it is advised before it is posted, and scored when it appears as a post."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.flows.test_run import query

pytestmark = pytest.mark.slow

FORECAST = """
[forecast]
candidates = "next"
account = "ann"
at = "18"
"""


def test_a_candidate_is_advised_in_one_night_and_scored_in_another(likelens, own, pictures):
    """The first night's report says what to post next; once a post shows the picture, its likes are beside its forecast."""
    settings = own / "likelens.toml"
    settings.write_text(settings.read_text() + FORECAST)
    (own / "next").mkdir()
    for name in ("warm.png", "cold.png"):
        (own / "next" / name).write_bytes((pictures / name).read_bytes())
    write_post(own, "silent-0", "silent", likes=9, picture="http://x.example/silent-0")
    night = likelens(own, "run")
    assert night.returncode == 0, night.stderr[-3000:]
    hashes = {file.name: sha256(file) for file in (own / "next").iterdir()}
    candidates = query(
        own, "select subject, measure, median, before_posting from forecasts where post_id is null"
    )
    medians = {(subject, measure): median for subject, measure, median, _ in candidates}
    assert set(medians) == {(one, by) for one in hashes.values() for by in ("likes", "comments")}
    assert all(before for *_, before in candidates)
    assert medians[hashes["warm.png"], "likes"] > medians[hashes["cold.png"], "likes"]
    page = (own / "data" / "report" / "report.html").read_text("utf-8")
    advice = page.partition("What to post next")[2].partition("</ol>")[0]
    assert 0 < advice.index("warm.png") < advice.index("cold.png")
    assert query(own, "select count(*) from forecast_outcomes") == [(0,)]

    # The post is ten days old when a run first sees it: so its likes are an outcome at once.
    write_post(own, "shown", "ann", likes=641, picture="next/warm.png")
    night = likelens(own, "run")
    assert night.returncode == 0, night.stderr[-3000:]
    scored = query(
        own,
        "select subject, post_id, before_posting, median, outcome, covered from forecast_outcomes"
        " where measure = 'likes'",
    )
    likes = medians[hashes["warm.png"], "likes"]
    [(low, high)] = query(
        own, f"select low, high from forecasts where subject = '{hashes['warm.png']}' and measure = 'likes'"
    )
    assert scored == [(hashes["warm.png"], "shown", True, likes, 641, low <= 641 <= high)]
    page = (own / "data" / "report" / "report.html").read_text("utf-8")
    advice = page.partition("What to post next")[2].partition("</ol>")[0]
    assert "cold.png" in advice and "warm.png" not in advice


def write_post(folder: Path, post_id: str, account: str, likes: int, picture: str) -> None:
    """Add a post to the file of the source."""
    posted_at = datetime.now(UTC) - timedelta(days=10)
    row = {
        "v": 1,
        "account": account,
        "post_id": post_id,
        "url": f"http://x.example/{post_id}",
        "posted_at": posted_at.isoformat(timespec="seconds"),
        "likes": likes,
        "comments": 12,
        "kind": "image",
        "pictures": [picture],
    }
    with (folder / "posts.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(row) + "\n")


def sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
