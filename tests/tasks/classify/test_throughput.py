"""Throughput: how many pictures a second, and how long until the end, as the log tells."""

from __future__ import annotations

import pytest

from tasks.classify.throughput import PORTIONS, Throughput


@pytest.mark.parametrize(
    ("done", "total", "told"),
    [
        (280, 280, "28.0 a second"),
        (280, 1_680, "28.0 a second, about 50 seconds left"),
        (280, 59_080, "28.0 a second, about 35 minutes left"),
        (280, 500_000, "28.0 a second, about 5.0 hours left"),
        (0, 10, ""),
    ],
)
def test_words(done: int, total: int, told: str) -> None:
    """Ten seconds tell the rest in seconds, minutes or hours; before anything is done nothing is told."""
    throughput = Throughput(100.0)
    throughput.record(110.0, done)
    assert throughput.describe(total) == told


def test_the_start_is_forgotten() -> None:
    """A slow start, with its compiling, does not slow the estimate down for ever."""
    throughput = Throughput(0.0)
    for number in range(PORTIONS + 1):
        throughput.record(1000.0 + 10 * number, 100 * (number + 1))
    assert throughput.describe(2_100).startswith("10.0 a second, about 100 s") or throughput.describe(
        2_100
    ) == ("10.0 a second, about 2 minutes left")


def test_nothing_yet() -> None:
    """At the start there is nothing to tell."""
    assert Throughput(5.0).describe(100) == ""
