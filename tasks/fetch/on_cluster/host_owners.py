"""Which worker has each host. The requests of a host go to one worker at a time, also when another one takes it over."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar


class _HasJobs(Protocol):
    jobs: dict[int, Any]


Worker = TypeVar("Worker", bound=_HasJobs)


@dataclass(slots=True)
class _Move(Generic[Worker]):
    """A host whose requests end on one worker, and then begin on `target`."""

    target: Worker
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class HostOwners(Generic[Worker]):
    """Hosts with requests, and the worker of each. Call all of it in one event loop."""

    def __init__(self) -> None:
        self._owners: dict[str, Worker] = {}
        self._running: Counter[str] = Counter()
        self._moves: dict[str, _Move[Worker]] = {}

    async def wait_for_move(self, host: str) -> None:
        """Wait while the host is on its way to another worker."""
        while (move := self._moves.get(host)) is not None:
            await move.ended.wait()

    def begin(self, host: str, workers: Sequence[Worker]) -> Worker:
        """Count a request of the host; returns its worker: the one that has it, else that with the fewest jobs."""
        worker = self._owners.get(host)
        if worker is None or worker not in workers:
            worker = self._owners[host] = min(workers, key=lambda one: len(one.jobs))
        self._running[host] += 1
        return worker

    def end(self, host: str) -> None:
        """Count the end of a request of the host."""
        self._running[host] -= 1
        if self._running[host]:
            return
        del self._running[host]
        self._owners.pop(host, None)
        if (move := self._moves.pop(host, None)) is not None:
            self._owners[host] = move.target
            move.ended.set()

    def share_with(self, joined: Worker, workers: Sequence[Worker]) -> None:
        """Let a new worker take over hosts, until none has two hosts more than it."""
        hosts: list[list[str]] = [[] for _ in workers]
        taken = 0
        for host in self._running:
            move, owner = self._moves.get(host), self._owners.get(host)
            if owner is joined or (move is not None and move.target is joined):
                taken += 1
            elif move is None and owner in workers:
                hosts[workers.index(owner)].append(host)
        while hosts and len(most := max(hosts, key=len)) - taken > 1:
            self._moves[most.pop()] = _Move(joined)
            taken += 1
