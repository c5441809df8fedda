"""The explorer's data: external text can't leave its element, the size is limited, and the policy allows the script alone."""

from __future__ import annotations

import json
import re

import pytest

from tasks.report import explorer
from tasks.report.explorer import as_json, explore, script, script_hash
from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.ranking_query import RankingQuery

QUESTIONS = [RankingQuery("objects", by, "lift", min_posts=5) for by in ("likes", "comments", "count")]


def test_data_can_not_end_their_element(hostile: tuple[str, ...]) -> None:
    """The JSON of any names is ASCII without <, > and &, and reads back as the same names."""
    text = as_json(list(hostile))
    assert text.isascii()
    assert not set("<>&\n") & set(text)
    assert json.loads(text) == list(hostile)


def test_the_script_uses_no_markup_and_is_allowed_by_its_hash() -> None:
    """It makes no element from text, and has no tag that could end its own element."""
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval|Function\(|</", script()
    )
    assert re.fullmatch(r"sha256-[A-Za-z0-9+/]{43}=", script_hash())


@pytest.mark.slow
def test_data_that_are_too_long_lack_their_last_parts(
    hostile_home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the limit the page has fewer rankings, says so, and always has those of all posts."""
    with published(hostile_home) as database:
        everything = explore(database, QUESTIONS)
        monkeypatch.setattr(explorer, "MAX_BYTES", len(everything.data) - 500)
        some = explore(database, QUESTIONS)
        monkeypatch.setattr(explorer, "MAX_BYTES", 1)
        least = explore(database, QUESTIONS)
    assert everything.left_out == ""
    rankings = [json.loads(one.data)["rankings"] for one in (everything, some, least)]
    assert set(rankings[0]) > set(rankings[1]) > set(rankings[2])
    assert {key.split(".")[0] for key in rankings[2]} == {"0"}
    assert "shorter periods" in some.left_out
    assert "of the accounts" in least.left_out


def test_nothing_to_choose_is_no_explorer(hostile_home: Home) -> None:
    """A classifier that has labelled nothing has no explorer."""
    with published(hostile_home) as database:
        assert explore(database, [RankingQuery("other", "likes", "lift")]) is None
