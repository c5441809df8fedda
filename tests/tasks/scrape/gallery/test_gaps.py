"""Post pages that fail, posts that can't be read, and advertisements: which posts count as gone."""

from __future__ import annotations

from datetime import UTC, timedelta

import pytest

from warehouse.schema.tables import Gap


@pytest.mark.slow
def test_a_post_page_that_fails_in_three_runs_becomes_a_known_gap(
    gallery, run_once, importing, latest_likes
) -> None:
    """The third run is done. The page is requested again after a week, and a response closes the gap."""
    gallery.broken = {5: 404}
    results = [run_once(full=True) for _ in range(3)]
    assert [result.status for result in results] == ["incomplete", "incomplete", "done"]
    assert "attempt 2 of 3" in results[1].message and "post 5" in results[1].message
    assert "Known gaps: 1 post" in results[2].message
    assert "Check the account" not in results[1].message
    gallery.read.clear()
    assert run_once(full=True).status == "done"
    assert 5 not in gallery.read
    _age_gaps(importing, days=8)
    assert run_once(full=True).status == "done"
    assert gallery.read.count(5) == 1
    _age_gaps(importing, days=8)
    gallery.broken = {}
    result = run_once(full=True)
    assert (result.status, result.message) == ("done", "")
    assert latest_likes()[5] == 42_005


def _age_gaps(importing, days: int) -> None:
    """Move the attempts back by so many days."""
    rows = importing.rows(
        "select source, post_id, attempts, first_attempt_at, last_attempt_at, message from gaps"
    )
    back = timedelta(days=days)
    importing.home.lake.upsert(
        [
            Gap(
                source=source,
                post_id=post_id,
                attempts=attempts,
                first_attempt_at=first.replace(tzinfo=UTC) - back,
                last_attempt_at=last.replace(tzinfo=UTC) - back,
                message=message,
            )
            for source, post_id, attempts, first, last, message in rows
        ]
    )


@pytest.mark.slow
def test_many_failing_post_pages_are_not_known_gaps(gallery, run_once) -> None:
    """If many post pages fail, the source has a problem, and no run is done."""
    gallery.broken = dict.fromkeys(range(1, 13), 404)
    results = [run_once(full=True) for _ in range(4)]
    assert [result.status for result in results] == ["incomplete"] * 4
    assert "own pages of 12 of 12 posts" in results[3].message


def test_a_post_without_its_link_makes_no_post_gone(gallery, run_once, importing) -> None:
    """If a post lost its link, no missing post is marked as gone, and the run reports it."""
    run_once()
    lost = gallery.posts.pop(4)
    gallery.extra = f"<article><time>{lost.posted_at:%d %B %Y}</time><p>a caption</p><i>3</i></article>"
    result = run_once(full=True)
    assert result.status == "incomplete"
    assert "skipped a post without post.id" in result.message
    assert importing.rows("select count(*) from posts where gone_at is not null") == [(0,)]
    gallery.extra = ""
    assert run_once(full=True).status == "done"
    assert importing.rows("select post_id from posts where gone_at is not null") == [(str(lost.number),)]


ADVERTISEMENTS = """
<article><a href="https://shop.example/x"><img src="/ad.jpg"></a><p>Buy shoes</p></article>
<article><ins class="ads"></ins><script>show()</script></article>
<article><iframe src="https://ads.example/1"></iframe></article>
"""


@pytest.mark.slow
def test_advertisements_are_neither_posts_nor_gaps(gallery, run_once, importing) -> None:
    """With a link to a shop, a script and a frame in the list, the run is done, and a deleted post is marked."""
    gallery.extra = ADVERTISEMENTS
    assert run_once().status == "done"
    lost = gallery.posts.pop(4)
    assert run_once(full=True).status == "done"
    assert importing.rows("select count(*) from posts") == [(12,)]
    assert importing.rows("select post_id from posts where gone_at is not null") == [(str(lost.number),)]


@pytest.mark.slow
def test_no_post_is_gone_if_the_account_counts_more_than_it_shows(gallery, run_once, importing) -> None:
    """If the account counts more posts than its pages show, a post that is not shown may still exist."""
    run_once()
    gallery.counted = len(gallery.posts)
    gallery.posts.pop(4)
    assert run_once(full=True).status == "incomplete"
    assert importing.rows("select count(*) from posts where gone_at is not null") == [(0,)]
