"""Items on a cluster: bounded, tried again, and split until the one that kills its workers is found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tasks.cluster.items import MAX_DEATHS_IN_A_ROW, PER_SLOT, ItemRunner
from tasks.cluster.protocol import WorkerDied
from tasks.errors import ClusterUnavailable

Item = tuple[int, ...]


def halve(item: Item) -> tuple[Item, ...]:
    middle = len(item) // 2
    return (item[:middle], item[middle:]) if middle else ()


def cut(count: int, size: int) -> Iterator[Item]:
    numbers = range(count)
    return iter([tuple(numbers[start : start + size]) for start in range(0, count, size)])


def run(cluster: Any, work: Any, items: Iterator[Item]) -> tuple[list[int], list[int]]:
    """The numbers that were worked on, and those that killed their workers."""
    good, bad = [], []
    for item, result in ItemRunner(cluster, work, halve).run(items):
        (bad if isinstance(result, WorkerDied) else good).extend(item)
    return good, bad


def deadly(stand_in: Any, *numbers: int) -> Any:
    def work(item: Item) -> int:
        if set(item) & set(numbers):
            raise stand_in.Death
        return len(item)

    return work


@pytest.mark.parametrize("bystanders", [False, True])
def test_the_one_item_that_kills_its_workers_is_found(cluster_stand_in: Any, bystanders: bool) -> None:
    """All others are done once, also those that were queued on the workers that died."""
    cluster = cluster_stand_in.StandInCluster(bystanders=bystanders)
    good, bad = run(cluster, deadly(cluster_stand_in, 5, 77), cut(100, 16))
    assert sorted(good) == [number for number in range(100) if number not in (5, 77)]
    assert sorted(bad) == [5, 77]


def test_a_bounded_number_of_items_is_under_way(cluster_stand_in: Any) -> None:
    """The items of a long list are taken as there is room for them."""
    cluster = cluster_stand_in.StandInCluster()
    taken = 0

    def items() -> Iterator[Item]:
        nonlocal taken
        for number in range(200):
            taken += 1
            yield (number,)

    for done, _ in enumerate(ItemRunner(cluster, len, halve).run(items()), 1):
        assert taken - done <= PER_SLOT * cluster.slots()
    assert taken == 200
    assert cluster.most <= PER_SLOT * cluster.slots()


def test_when_every_item_kills_its_workers_the_run_stops(cluster_stand_in: Any) -> None:
    """It is not the items then; the message says where to look."""
    cluster = cluster_stand_in.StandInCluster()
    with pytest.raises(ClusterUnavailable, match=r"3 items in a row.*workers' logs"):
        run(cluster, deadly(cluster_stand_in, *range(100)), cut(100, 4))
    assert cluster.deaths <= 4 + 3 * MAX_DEATHS_IN_A_ROW


def test_a_run_waits_for_a_worker_and_then_gives_up(
    cluster_stand_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Work without a worker is not waited for without end."""
    monkeypatch.setattr("tasks.cluster.items.POLL_SECONDS", 0.01)
    monkeypatch.setattr("tasks.cluster.items.ALONE_SECONDS", 0.0)
    cluster = cluster_stand_in.StandInCluster()

    def never(function: Any, *arguments: Any, worker: str | None = None) -> Any:
        cluster.names = []
        return cluster_stand_in.Future()

    monkeypatch.setattr(cluster, "submit", never)
    with pytest.raises(ClusterUnavailable, match="no worker for"):
        run(cluster, len, cut(4, 1))


def test_an_error_of_the_function_ends_the_run_and_cancels_the_rest(cluster_stand_in: Any) -> None:
    """The caller gets the error itself."""
    cluster = cluster_stand_in.StandInCluster()

    def work(item: Item) -> int:
        raise ValueError(item)

    with pytest.raises(ValueError):
        run(cluster, work, cut(100, 1))


def test_a_halted_run_stops_while_it_waits(cluster_stand_in: Any) -> None:
    """The check is called at each wait."""

    def check() -> None:
        raise RuntimeError("halted")

    runner = ItemRunner(cluster_stand_in.StandInCluster(), len, halve, check)
    with pytest.raises(RuntimeError, match="halted"):
        next(runner.run(cut(4, 1)))
