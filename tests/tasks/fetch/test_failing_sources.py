"""The stage is incomplete and names a source whose newest pictures nearly all fail; single failures leave it done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warehouse.schema.tables import PostPicture


def add_pictures(fetching: Any, source: str, urls: list[str], first: int = 0) -> None:
    """Add a post of the source for each of these pictures."""
    fetching.home.lake.append(
        [
            PostPicture(source=source, post_id=f"{first + number}", position=0, picture_url=url, sha256=None)
            for number, url in enumerate(urls)
        ]
    )


@pytest.fixture
def good(server: Any, picture: Callable[..., bytes]) -> Callable[..., list[str]]:
    """Addresses of pictures, from a number on."""
    return lambda first, count: [
        server.serve(f"/good/{number}", picture(number)) for number in range(first, first + count)
    ]


@pytest.fixture
def bad(server: Any) -> Callable[..., list[str]]:
    """Addresses of web pages in place of pictures, from a number on."""
    return lambda first, count: [
        server.serve(f"/bad/{number}", b"<html>") for number in range(first, first + count)
    ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cases", "is_failing"), [([(0, 3), (1, 9)], True), ([(1, 8), (0, 2), (3, 3), (5, 0)], False)]
)
def test_a_source_is_incomplete_when_nine_in_ten_new_pictures_fail(
    cases: list[tuple[int, int]], is_failing: bool, fetching, good, bad
) -> None:
    """A source with three new pictures or more is incomplete if nine in ten failed; each case is a source."""
    for number, (stored, failed) in enumerate(cases):
        first = 100 * number
        add_pictures(fetching, f"s{number}", good(first, stored) + bad(first, failed), first)
    add_pictures(fetching, "other", good(900, 5), first=900)
    result = fetching.run()
    assert result.status == ("incomplete" if is_failing else "done")
    for number, (stored, failed) in enumerate(cases):
        counts = f"{failed} of its {stored + failed} newest pictures failed ({failed} not_a_picture)."
        assert (f"s{number} is incomplete: {counts}" in result.message) == is_failing
    assert result.message.count("is incomplete") == len(cases) * is_failing


@pytest.mark.slow
def test_earlier_pictures_count_where_each_run_brings_one(fetching, good, bad) -> None:
    """Where each run brings one picture, the earlier ones count; a stored one makes the source complete again."""
    add_pictures(fetching, "mia", good(0, 5))
    assert fetching.run().status == "done"
    statuses = []
    for run in range(3):
        add_pictures(fetching, "mia", bad(run, 1), first=10 + run)
        statuses.append(fetching.run().status)
    assert statuses == ["done", "done", "incomplete"]
    add_pictures(fetching, "mia", good(50, 1), first=50)
    assert fetching.run().status == "done"


def test_a_run_without_new_pictures_is_done(fetching, bad) -> None:
    """A run without new pictures is done, whatever failed before."""
    add_pictures(fetching, "mia", bad(0, 4))
    assert fetching.run().status == "incomplete"
    assert fetching.run().status == "done"
