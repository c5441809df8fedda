"""Rankings of parts of the posts: the same as those of the complete rankings, and planned within a limit."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from polars.testing import assert_frame_equal

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking import post_parts
from warehouse.ranking.post_parts import PartsPlan, plan_parts, rank_parts
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank_published
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import Row

FIRST = datetime(2025, 1, 1)
QUESTION = RankingQuery("model", "likes", "lift", min_posts=5)


@pytest.fixture(scope="module")
def stored(
    tmp_path_factory: pytest.TempPathFactory,
    prepared: Path,
    store_rows: Callable[[Home, Sequence[Row]], None],
    run_row: Callable[..., StageRun],
    labelled_post: Callable[..., list[Row]],
) -> Home:
    """Two accounts with 60 and 40 posts, one in ten days for the first and every day for the second, and one with 3."""
    home = Home(Path(shutil.copytree(prepared, tmp_path_factory.mktemp("parts") / "home")))
    rows: list[Row] = [run_row()]
    for account, posts, step in (("ann", 60, 10), ("bob", 40, 1), ("new", 3, 1)):
        for number in range(posts):
            at = FIRST + timedelta(days=number * step)
            label = ("cat", "dog", "sky")[number % 3]
            likes = 50 + 7 * (number % 5) + 90 * (label == "dog")
            rows += labelled_post(
                f"{account}{number}", [label, "day"], likes, number % 4, account=account, posted_at=at
            )
    store_rows(home, rows)
    publish(home)
    return home


def plan(home: Home, question: RankingQuery = QUESTION, **limits: Any) -> PartsPlan:
    with published(home) as connection:
        return plan_parts(connection, question, **{"classifiers": 1, "rankings": 1} | limits)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("by", "groupings"), [("likes", (False, True)), ("comments", (False,)), ("count", (False,))]
)
def test_a_part_has_the_ranking_of_its_account_and_period(
    stored: Home, by: Any, groupings: tuple[bool, ...]
) -> None:
    """For every part the ranking is that of `rank` with the account and the first day of the part."""
    question = replace(QUESTION, by=by)
    parts = plan(stored).parts
    assert {(part.account, part.days) for part in parts} >= {(None, None), (None, 365), ("bob", None)}
    with published(stored) as connection:
        ranked = list(rank_parts(connection, question, parts, groupings))
        assert len(ranked) == len(groupings) * len(parts)
        for part, grouped, ranking in ranked:
            asked = replace(question, account=part.account, since=part.since, grouped=grouped)
            assert_frame_equal(ranking, rank_published(connection, asked))
    assert any("dog" in ranking["label"] for _, _, ranking in ranked)


def test_periods_end_with_the_newest_post(stored: Home) -> None:
    """The last 90 days are those up to the day of the newest post, which an archive has too."""
    newest = (FIRST + timedelta(days=590)).date()
    assert plan(stored).periods == {365: newest - timedelta(days=364), 90: newest - timedelta(days=89)}


def test_a_part_with_the_posts_of_a_longer_period_is_not_ranked_again(stored: Home) -> None:
    """All posts of bob are older than a year before the newest post; where two periods have the same posts, one is ranked."""
    found = plan(stored, replace(QUESTION, account="bob"))
    assert [(part.account, part.days, part.posts) for part in found.parts] == [("bob", None, 40)]
    found = plan(stored, replace(QUESTION, until=(FIRST + timedelta(days=95)).date()))
    assert found.periods == {90: (FIRST + timedelta(days=1)).date()}


def test_too_few_posts_have_no_ranking(stored: Home) -> None:
    """The account with 3 posts can be chosen, and is among those with too few."""
    found = plan(stored)
    assert found.accounts == ("ann", "bob", "new")
    assert ("new", None) in found.few
    assert "new" not in {part.account for part in found.parts}


def test_the_work_is_limited(stored: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the last parts are left out, and so are the accounts with fewer posts; all posts stay."""
    everything = plan(stored)
    assert not everything.left_out
    some = plan(stored, rankings=12)
    assert 1 < len(some.parts) < len(everything.parts)
    assert some.parts == everything.parts[: len(some.parts)]
    assert len(some.parts) + len(some.left_out) == len(everything.parts)
    monkeypatch.setattr(post_parts, "MAX_ACCOUNTS", 2)
    assert plan(stored).accounts == ("ann", "bob")
    assert plan(stored).more_accounts == 1
    assert [part.account for part in plan(stored, rankings=10_000).parts] == [None]


def test_a_home_without_posts_has_a_plan(home: Home) -> None:
    """Nothing is ranked where nothing is stored."""
    publish(home)
    assert plan(home).parts == ()
    with published(home) as connection:
        ranked = list(rank_parts(connection, QUESTION, plan(home).parts, (False,)))
    assert ranked == []
