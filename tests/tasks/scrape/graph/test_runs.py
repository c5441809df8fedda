"""Two runs of an Instagram account, from the interface into the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.scrape.graph.source import GraphSettings
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source


@pytest.fixture
def run_source(home, server, site, token, tmp_path: Path):
    """Read the account to its end into the tables."""
    numbers = iter(range(9))

    def spend():
        source = GraphSettings(
            name="g", kind="graph", account="ann", user_id="17841400000000001", base=site.base, page_size=2
        ).open(tmp_path)
        spool = Spool(tmp_path / f"{next(numbers)}.jsonl")
        reading = ScrapeJob(home, source, spool, ScrapeOptions(Politeness(0), full=True), token)
        return scrape_source(reading, lambda *_: None)

    return spend


def test_a_second_run_stores_each_change_once(
    server, media, children, run_source, rows, home, token, tmp_path
) -> None:
    """Changed counts, hidden likes, new and deleted posts and re-signed pictures reach the tables, each once."""
    assert run_source().status == "done"
    for one in server.media:
        one["media_url"] = one["media_url"].replace("sig=a", "sig=b")
    del server.media[2], server.media[0]["like_count"]
    server.media[1]["like_count"] = 500
    album = children("x.jpg", "y.mp4", "z.jpg")
    server.media[:0] = [media(10, media_type="CAROUSEL_ALBUM", children=album)]
    result = run_source()
    assert (result.status, result.items, result.message) == ("done", 5, "")
    assert rows("select post_id, gone_at is not null from posts order by url") == [
        ("179010", False),
        ("17905", False),
        ("17906", False),
        ("17907", True),
        ("17908", False),
        ("17909", False),
    ]
    seen = rows(
        "select post_id, likes, likes_hidden from observations order by observed_at desc, post_id desc"
    )
    assert ("17909", None, True) in seen and ("17909", 90, False) in seen
    assert ("17908", 500, False) in seen and ("17908", 80, False) in seen and len(seen) == 10
    assert rows("select count(*) from (select distinct post_id, position from post_pictures)") == [(7,)]
    written = [file for folder in (home.folder, tmp_path) for file in folder.rglob("*") if file.is_file()]
    assert written and not [file for file in written if token.encode() in file.read_bytes()]
