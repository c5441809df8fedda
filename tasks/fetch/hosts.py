"""The hosts of a run: how many requests each gets at once, when it pauses, and when the run gives it up.

A host that responds gets as many requests at once as the settings allow. A host that requests a pause
(HTTP 429 or 503, with or without Retry-After), or that fails to respond several times in a row, pauses and
then restarts slowly: its limit drops to half, or to one, and grows with each good response. A pause that a
host requested in an earlier run holds in this one.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from tasks.backoff import pause_seconds
from tasks.fetch.attempt import Attempt, Reason
from warehouse.records.pending import HostResponse

MAX_PAUSE_SECONDS = 60.0
"""The run gives up a host that requests a longer pause; a later run tries it again."""
MAX_SILENT_ATTEMPTS = 8
"""Attempts in a row without a response, after which a host pauses."""
MAX_SETBACKS = 4
"""Pauses in a row, of about 1, 2, 4 and 8 seconds, after which the run gives the host up."""
_NO_RESPONSE = frozenset({Reason.TIMEOUT, Reason.UNREACHABLE, Reason.CUT_OFF})
_NO_REQUEST = frozenset({Reason.BAD_ADDRESS, Reason.PRIVATE_ADDRESS})


@dataclass(slots=True)
class Job:
    """A picture to fetch: its address, its failures in earlier runs, and its tries in this one."""

    url: str
    earlier_failures: int
    tries: int = 0
    reason: Reason | None = None
    message: str | None = None


@dataclass(slots=True)
class Host:
    """One host: its pending pictures and its behaviour. Times are those of `time.monotonic()`.

    `changed` is set when an attempt has ended; `is_served` while the pipeline has a dispatcher for the host.
    """

    name: str
    max_at_once: int
    pending: deque[Job] = field(default_factory=deque)
    running: int = 0
    at_once: float = 0.0
    paused_until: float = 0.0
    given_up: Reason | None = None
    is_served: bool = False
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    _silent_attempts: int = 0
    _setbacks: int = 0
    _stepped_back_at: float = 0.0

    def __post_init__(self) -> None:
        self.at_once = float(self.max_at_once)

    def record(self, attempt: Attempt, began: float, now: float) -> None:
        """Adapt to an attempt that began at `began` and has just ended."""
        reason = attempt.reason
        if reason in _NO_REQUEST:
            return
        if reason == Reason.BUSY:
            self._step_back(Reason.BUSY, attempt.retry_after, self.at_once / 2, began, now)
        elif reason == Reason.TIMEOUT or (reason in _NO_RESPONSE and attempt.http_status is None):
            self._silent_attempts += 1
            if self._silent_attempts >= MAX_SILENT_ATTEMPTS:
                self._step_back(reason, None, 1.0, began, now)
        else:
            self._silent_attempts = self._setbacks = 0
            self.at_once = min(float(self.max_at_once), self.at_once + 1.0 / self.at_once)

    def resume_pause(self, seconds: float, now: float) -> None:
        """Continue a pause that the host requested in an earlier run and that lasts so much longer."""
        if seconds > MAX_PAUSE_SECONDS:
            self.given_up = Reason.BUSY
        self.at_once = max(1.0, self.max_at_once / 2)
        self.paused_until = max(self.paused_until, now + seconds)

    def _step_back(
        self, reason: Reason, retry_after: float | None, at_once: float, began: float, now: float
    ) -> None:
        pause = retry_after or 0.0
        if pause > MAX_PAUSE_SECONDS:
            self.given_up = reason
        # A request from before the last step back shows nothing new.
        if began >= self._stepped_back_at:
            self._setbacks += 1
            self._stepped_back_at = now
            self.at_once = max(1.0, at_once)
            if self._setbacks > MAX_SETBACKS:
                self.given_up = reason
            pause = max(pause, pause_seconds(self._setbacks - 1, random.random()))
        self.paused_until = max(self.paused_until, now + pause)


class Hosts:
    """All hosts of a run. Where there are several, a slow one can't take all slots."""

    def __init__(self, concurrency: int, per_host: int) -> None:
        self._per_host = per_host
        self._share = concurrency - concurrency // 4
        self._hosts: dict[str, Host] = {}
        self._earlier_hosts: dict[str, Host] = {}

    def resume_pauses(self, responses: Iterable[HostResponse], today: datetime, now: float) -> None:
        """Continue the pauses of earlier runs, from responses in order; `now` is the clock's time."""
        for response in responses:
            name = host_name(response.url)
            if response.delayed_until is None:
                self._earlier_hosts.pop(name, None)
            elif name:  # an unreadable port has no name, and would pause all bad addresses
                host = self._earlier_hosts.setdefault(name, Host(name, self._per_host))
                host.resume_pause((response.delayed_until - today).total_seconds(), now)

    def host_of(self, url: str) -> Host:
        """The host of an address; one host for all addresses without a readable one."""
        name = host_name(url)
        host = self._hosts.get(name)
        if host is None:
            host = self._earlier_hosts.pop(name, None) or Host(name, self._per_host)
            self._hosts[name] = host
        return host

    def may_start(self, host: Host, now: float) -> bool:
        """Whether the host has a pending picture, no pause, and fewer requests than its limit."""
        share = self._share if len(self._hosts) > 1 else host.max_at_once
        return (
            bool(host.pending) and now >= host.paused_until and host.running < min(int(host.at_once), share)
        )


def host_name(url: str) -> str:
    """The host of an address, with the port if there is one; empty if unreadable."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{(parts.hostname or '').rstrip('.')}{port}"
    except ValueError:
        return ""
