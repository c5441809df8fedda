"""Two runs of a Mastodon account, from the server into the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.errors import SourceChanged
from tasks.scrape.mastodon.source import MastodonSettings
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source


@pytest.fixture
def run_source(home, server, site, tmp_path: Path):
    """Read the account to its end into the tables."""
    numbers = iter(range(9))

    def spend():
        source = MastodonSettings(name="m", kind="mastodon", server=site.base, account="ann").open(tmp_path)
        spool = Spool(tmp_path / f"{next(numbers)}.jsonl")
        return scrape_source(
            ScrapeJob(home, source, spool, ScrapeOptions(Politeness(0), full=True)), lambda *_: None
        )

    return spend


@pytest.mark.slow
def test_a_second_run_stores_each_change_once(server, status, media, run_source, rows) -> None:
    """New posts, counts and comments, and deleted posts, reach the tables, and nothing counts twice."""
    server.statuses[0]["replies_count"] = 1
    server.contexts["9"] = [status(21, in_reply_to_id="9", account={"acct": "bob@x.example"})]
    assert (run_source().status, run_source().status) == ("done", "done")
    assert rows("select count(*) from posts") == [(5,)]
    server.statuses[:0] = [status(10, media_attachments=[media("10a.jpg"), media("10b.jpg")])]
    del server.statuses[3]
    server.statuses[1].update(favourites_count=500, replies_count=2, media_attachments=[media("9.jpg?sig=b")])
    server.contexts["9"].append(status(22, in_reply_to_id="21", account={"acct": "ann"}))
    result = run_source()
    assert (result.status, result.items, result.message) == ("done", 5, "")
    assert rows("select post_id, kind, gone_at is not null from posts order by post_id::int desc") == [
        ("10", "carousel", False),
        ("9", "image", False),
        ("8", "image", False),
        ("7", "image", True),
        ("6", "image", False),
        ("5", "image", False),
    ]
    assert rows("select likes from observations where post_id = '9' order by observed_at") == [
        (90,),
        (90,),
        (500,),
    ]
    assert rows("select comment_id, parent_id from comments order by 1") == [("21", None), ("22", "21")]
    assert rows("select count(*) from comments where author like '%bob%' or author like 'ann'") == [(0,)]
    assert rows("select count(distinct split_part(picture_url, '?', 1)) from post_pictures") == [(7,)]
    assert rows("select followers, posts from accounts") == [(1200, 5)] * 3


def test_a_run_in_which_all_likes_are_missing_fails(server, run_source, rows) -> None:
    """A server that no longer sends likes fails the source, and what was stored stays unchanged."""
    run_source()
    for status in server.statuses:
        del status["favourites_count"]
    with pytest.raises(SourceChanged, match="always had likes"):
        run_source()
    assert rows("select count(*), count(likes) from observations") == [(5, 5)]
