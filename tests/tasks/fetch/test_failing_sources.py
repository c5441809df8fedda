"""A source whose newest pictures all fail: the stage is incomplete and names it; single failures leave it done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warehouse.tables import PostPicture


def want(fetching: Any, source: str, urls: list[str], first: int = 0) -> None:
    """Let posts of a source show these pictures."""
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


@pytest.mark.parametrize(
    ("stored", "failed", "status"),
    [
        (0, 3, "incomplete"),
        (1, 9, "incomplete"),
        (1, 8, "done"),
        (0, 2, "done"),
        (3, 3, "done"),
        (5, 0, "done"),
    ],
)
def test_new_pictures(stored: int, failed: int, status: str, fetching, good, bad) -> None:
    """From three new pictures on, of which nine in ten failed, the source is incomplete."""
    want(fetching, "mia", good(0, stored) + bad(0, failed))
    want(fetching, "other", good(100, 5), first=100)
    ended = fetching.run()
    assert ended.status == status
    assert ("mia is incomplete" in ended.message) == (status == "incomplete")
    assert "other is" not in ended.message
    if status == "incomplete":
        sentence = f"{failed} of its {stored + failed} newest pictures failed ({failed} not_a_picture)."
        assert sentence in ended.message


def test_one_new_picture_a_night(fetching, good, bad) -> None:
    """Where each night brings one picture, the ones before it count; one that comes ends it."""
    want(fetching, "mia", good(0, 5))
    assert fetching.run().status == "done"
    statuses = []
    for run in range(3):
        want(fetching, "mia", bad(run, 1), first=10 + run)
        statuses.append(fetching.run().status)
    assert statuses == ["done", "done", "incomplete"]
    want(fetching, "mia", good(50, 1), first=50)
    assert fetching.run().status == "done"


def test_a_night_without_new_pictures(fetching, bad) -> None:
    """A night that brings nothing new is done, whatever failed before."""
    want(fetching, "mia", bad(0, 4))
    assert fetching.run().status == "incomplete"
    assert fetching.run().status == "done"
