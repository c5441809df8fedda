"""Throughput: pictures per second and the remaining time, as the log shows them."""

from __future__ import annotations

import pytest

from tasks.classify.throughput import PORTIONS, Throughput


@pytest.mark.parametrize(
    ("done", "total", "text"),
    [
        (280, 280, "28.0 a second"),
        (280, 1_680, "28.0 a second, about 50 seconds left"),
        (280, 59_080, "28.0 a second, about 35 minutes left"),
        (280, 500_000, "28.0 a second, about 5.0 hours left"),
        (0, 10, ""),
    ],
)
def test_the_rate_and_the_remaining_time_are_described(done: int, total: int, text: str) -> None:
    """The remaining time is in seconds, minutes or hours; before anything is done the text is empty."""
    throughput = Throughput(100.0)
    throughput.record(110.0, done)
    assert throughput.describe(total) == text


def test_a_slow_start_does_not_affect_the_rate_for_long() -> None:
    """Only the last portions count."""
    throughput = Throughput(0.0)
    for number in range(PORTIONS + 1):
        throughput.record(1000.0 + 10 * number, 100 * (number + 1))
    assert throughput.describe(2_100).startswith("10.0 a second, about 100 s") or throughput.describe(
        2_100
    ) == ("10.0 a second, about 2 minutes left")


def test_nothing_is_described_at_the_start() -> None:
    """The text is empty."""
    assert Throughput(5.0).describe(100) == ""
