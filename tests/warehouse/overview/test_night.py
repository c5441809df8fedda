"""What is new since a run began."""

from __future__ import annotations

from datetime import timedelta

from warehouse.overview.night import (
    FetchFailure,
    LaneNews,
    count_new_pictures,
    list_accounts,
    list_quiet_sources,
    read_fetch_failures,
    read_lane_news,
    read_source_news,
)

DAY = timedelta(days=1)


def test_only_what_came_since_the_run_began_is_new(
    home, store_rows, post_row, picture_row, label_row, fetch_row, evening
):
    """Posts, pictures, labels and failures of before do not count; a picture that came after a failure is none."""
    old = evening - DAY
    store_rows(home, [post_row("1", first_seen_at=old), post_row("2"), post_row("3", account="zoe")])
    store_rows(home, [picture_row("a", fetched_at=old), picture_row("b")])
    store_rows(
        home, [label_row("a", "cat", labelled_at=old), label_row("b", "cat"), label_row("b", "dog", rank=2)]
    )
    store_rows(
        home,
        [
            fetch_row("http://x/1", None),
            fetch_row("http://x/2", None, reason="timeout"),
            fetch_row("http://x/2", "b", attempted_at=evening + DAY),
            fetch_row("http://x/3", None, attempted_at=old),
        ],
    )
    (news,) = read_source_news(home.lake, evening)
    assert (news.posts, news.new_posts) == (3, 2)
    assert count_new_pictures(home.lake, evening) == 1
    assert read_lane_news(home.lake, evening) == [LaneNews("model", 1, 2)]
    assert read_fetch_failures(home.lake, evening) == [FetchFailure("gone", 1)]
    assert list_accounts(home.lake, 1) == ["ann"] or len(list_accounts(home.lake, 1)) == 1


def test_a_source_is_quiet_by_its_newest_post(home, store_rows, post_row, evening):
    """A source without times counts by when its newest post was first seen."""
    rows = [
        post_row("1", source="quiet", posted_at=evening - 20 * DAY),
        post_row("2", source="loud", posted_at=evening - 2 * DAY),
        post_row("3", source="undated", posted_at=None, first_seen_at=evening - 30 * DAY),
    ]
    store_rows(home, rows)
    assert [one.source for one in list_quiet_sources(home.lake, 14, evening)] == ["quiet", "undated"]
