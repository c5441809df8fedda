"""The hosts: how many requests each gets at once, when it is left in peace, and when for the rest of the run.

A host that answers well is asked for as many pictures at once as the settings allow. One that asks for a
pause (HTTP 429 or 503, with or without Retry-After), or that does not answer several times on end, is left
in peace as a host, and then begins again slowly: its share is halved, or back to one, and grows with each
good answer. What a host does costs the others nothing. A pause that it asked for in an earlier run holds
in this one.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from tasks.backoff import pause_seconds
from tasks.fetch.attempt import Attempt
from tasks.fetch.reasons import Reason
from warehouse.pending import HostResponse

MAX_PAUSE_SECONDS = 60.0
"""A host that asks for a longer pause is asked again in a later run."""
SILENT_ON_END = 8
"""Tries without any answer, one after the other, that make a host one that does not answer."""
MAX_SETBACKS = 4
"""Pauses one after the other, of about 1, 2, 4 and 8 seconds, that did not help."""
_NO_ANSWER = frozenset({Reason.TIMEOUT, Reason.UNREACHABLE, Reason.CUT_OFF})
_NOT_ASKED = frozenset({Reason.BAD_ADDRESS, Reason.PRIVATE_ADDRESS})


@dataclass(slots=True)
class Job:
    """A picture on its way through the run: its address, and how many tries have failed, before and now."""

    url: str
    earlier: int
    tries: int = 0
    reason: Reason | None = None
    message: str | None = None


@dataclass(slots=True)
class Host:
    """One host: what waits for it, and how it behaves. Times are `time.monotonic()`'s, in seconds."""

    name: str
    most_at_once: int
    waiting: deque[Job] = field(default_factory=deque)
    running: int = 0
    at_once: float = 0.0
    paused_until: float = 0.0
    listed: bool = False
    clock_is_set: bool = False
    given_up: Reason | None = None
    _silent: int = 0
    _setbacks: int = 0
    _stepped_back_at: float = 0.0

    def __post_init__(self) -> None:
        self.at_once = float(self.most_at_once)

    def may_be_asked(self, now: float, share: int) -> bool:
        """Whether a request may begin now, where the host may have so many of all places."""
        return (
            bool(self.waiting) and self.running < min(int(self.at_once), share) and now >= self.paused_until
        )

    def heard(self, tried: Attempt, began: float, now: float) -> None:
        """Learn from a try that began at `began` and has just ended."""
        reason = tried.reason
        if reason in _NOT_ASKED:
            return
        if reason == Reason.BUSY:
            self._step_back(Reason.BUSY, tried.asked_seconds, self.at_once / 2, began, now)
        elif reason == Reason.TIMEOUT or (reason in _NO_ANSWER and tried.http_status is None):
            self._silent += 1
            if self._silent >= SILENT_ON_END:
                self._step_back(reason, None, 1.0, began, now)
        else:
            self._silent = self._setbacks = 0
            self.at_once = min(float(self.most_at_once), self.at_once + 1.0 / self.at_once)

    def still_pauses(self, seconds: float, now: float) -> None:
        """Keep to a pause that the host asked for in an earlier run and of which so much is left."""
        if seconds > MAX_PAUSE_SECONDS:
            self.given_up = Reason.BUSY
        self.at_once = max(1.0, self.most_at_once / 2)
        self.paused_until = max(self.paused_until, now + seconds)

    def _step_back(self, why: Reason, asked: float | None, at_once: float, began: float, now: float) -> None:
        if (asked or 0.0) > MAX_PAUSE_SECONDS:
            self.given_up = why
        # Requests that were under way when the host was left in peace tell nothing new.
        if began >= self._stepped_back_at:
            self._setbacks += 1
            self._stepped_back_at = now
            self.at_once = max(1.0, at_once)
            if self._setbacks > MAX_SETBACKS:
                self.given_up = why
            asked = max(asked or 0.0, pause_seconds(self._setbacks - 1, random.random()))
        self.paused_until = max(self.paused_until, now + (asked or 0.0))


class Hosts:
    """All hosts of a run, asked in turn; where there are several, a slow one can't take all places."""

    def __init__(self, concurrency: int, per_host: int) -> None:
        self._per_host = per_host
        self._share = concurrency - concurrency // 4
        self._hosts: dict[str, Host] = {}
        self._from_earlier: dict[str, Host] = {}
        self._in_turn: deque[Host] = deque()

    def remember(self, answers: Iterable[HostResponse], today: datetime, now: float) -> None:
        """Take over what hosts answered in earlier runs, in order; `today` is the time, and `now` the clock's."""
        for answer in answers:
            name = host_name(answer.url)
            if answer.pause_until is None:
                self._from_earlier.pop(name, None)
            elif name:  # else it was a port that is hard to read, and all bad addresses would wait
                host = self._from_earlier.setdefault(name, Host(name, self._per_host))
                host.still_pauses((answer.pause_until - today).total_seconds(), now)

    def of(self, url: str) -> Host:
        """The host of an address; one for all that have none."""
        name = host_name(url)
        host = self._hosts.get(name)
        if host is None:
            host = self._from_earlier.pop(name, None) or Host(name, self._per_host)
            self._hosts[name] = host
        return host

    def list(self, host: Host, now: float) -> None:
        """Let a host have its turn, if it may be asked now and is not listed yet."""
        if not host.listed and self._may_be_asked(host, now):
            host.listed = True
            self._in_turn.append(host)

    def next(self, now: float) -> tuple[Host, Job] | None:
        """The picture to ask for next."""
        while self._in_turn:
            host = self._in_turn.popleft()
            host.listed = False
            if self._may_be_asked(host, now):
                job = host.waiting.popleft()
                host.running += 1
                self.list(host, now)
                return host, job
        return None

    def _may_be_asked(self, host: Host, now: float) -> bool:
        return host.may_be_asked(now, self._share if len(self._hosts) > 1 else host.most_at_once)


def host_name(url: str) -> str:
    """The name of an address's host, with the port where one is given; empty where it has none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        return f"{(parts.hostname or '').rstrip('.')}{port}"
    except ValueError:
        return ""
