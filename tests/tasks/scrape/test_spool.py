"""The spool: complete pages survive, whatever cuts a run off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.scrape.pages import PAGE_JSON, AccountInfo, Page, ScrapedPost
from tasks.scrape.spool import Spool

NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def page(number: int) -> Page:
    posts = (
        ScrapedPost(str(number), f"http://a.example/{number}", "image", NOON, "naïve 🌅\nline\u2028end"),
    )
    return Page(
        f"http://a.example/?{number}", NOON, "ann", AccountInfo(posts=7, posts_least=7), posts, None, ("odd",)
    )


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
POSTS = st.builds(
    ScrapedPost,
    post_id=TEXT,
    url=TEXT,
    kind=st.sampled_from(["image", "video", "carousel"]),
    posted_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    caption=st.none() | TEXT,
    likes=st.none() | st.integers(0, 2**63 - 1),
    pictures=st.lists(TEXT).map(tuple),
)
PAGES = st.builds(
    Page,
    url=TEXT,
    observed_at=st.just(NOON),
    account=TEXT,
    head=st.none(),
    posts=st.tuples(POSTS),
    next_url=st.none(),
)


@given(page=PAGES)
def test_a_page_survives_json_unchanged(page: Page) -> None:
    """Any page is one line of JSON, and the same after it."""
    line = PAGE_JSON.dump_json(page)
    assert b"\n" not in line
    assert PAGE_JSON.validate_json(line) == page


def test_pages_are_read_in_the_order_they_were_added(tmp_path: Path) -> None:
    """Another spool of the same file has the pages in order, and the end mark."""
    spool = Spool(tmp_path / "new" / "ann.jsonl")
    assert spool.last() is None and not spool.is_ended()
    for number in range(3):
        spool.add(page(number))
    again = Spool(spool.file)
    assert list(again.pages()) == [page(0), page(1), page(2)]
    assert again.last() == page(2) and not again.is_ended()
    again.end()
    assert Spool(spool.file).is_ended() and list(Spool(spool.file).pages()) == [page(0), page(1), page(2)]
    again.remove()
    assert list(again.pages()) == []


@pytest.mark.parametrize("length", [0, 1, 20, -1])
def test_a_page_that_was_cut_off_is_skipped(tmp_path: Path, length: int) -> None:
    """Nothing is left of a page that was being written when the run died, and the next page is complete."""
    file = tmp_path / "ann.jsonl"
    spool = Spool(file)
    spool.add(page(0))
    complete = file.stat().st_size
    spool.add(page(1))
    cut = file.read_bytes()[complete:][:length]
    file.write_bytes(file.read_bytes()[:complete] + cut)
    again = Spool(file)
    assert list(again.pages()) == [page(0)]
    again.add(page(2))
    assert list(Spool(file).pages()) == [page(0), page(2)]


def test_times_keep_their_zone(tmp_path: Path) -> None:
    """A time in the spool is in UTC again, to the microsecond."""
    spool = Spool(tmp_path / "ann.jsonl")
    late = NOON + timedelta(microseconds=1)
    spool.add(Page("u", late, "ann", None, (), None))
    last = spool.last()
    assert last is not None and last.observed_at == late and last.observed_at.utcoffset() == timedelta(0)
