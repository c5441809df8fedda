"""What is on disk of requests that are not settled: which were never sent, and answers that have arrived.

Writing to the lake takes a tenth of a second, and a process that is killed in that time would pay for its
answers again. A small file takes a fraction of a millisecond. The next run stores what it finds.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from classifiers.clarifai.responses import read_answer
from tasks.tag.ledger import Ledger, RequestRecord, slip_from_json
from warehouse.charges import close_cut_off
from warehouse.home import Home

logger = logging.getLogger(__name__)

_ENDING = ".answer"
_UNSENT = ".unsent"
STORE_ANSWERS = 16
"""Answers that a new run stores at once."""


class ResponseStore:
    """The folder `answers` of a home folder: a file for each answer, its slip in the first line."""

    def __init__(self, home: Home) -> None:
        self.folder = home.answers
        self.folder.mkdir(parents=True, exist_ok=True)

    def keep(self, slip: RequestRecord, answer: bytes) -> None:
        """Write an answer; when this returns, a kill of the process can't lose it."""
        unfinished = self._file(slip).with_suffix(".part")
        unfinished.write_bytes(json.dumps(slip.as_json()).encode() + b"\n" + answer)
        os.replace(unfinished, self._file(slip))

    def announce(self, slips: Sequence[RequestRecord]) -> None:
        """Note that the requests are not sent yet: before they are in the ledger."""
        for slip in slips:
            self._file(slip).with_suffix(_UNSENT).touch()

    def sends(self, slip: RequestRecord) -> None:
        """Note that the request is sent from now on; when this returns, a kill of the process can't undo it."""
        self._file(slip).with_suffix(_UNSENT).unlink(missing_ok=True)

    def unsent(self) -> set[str]:
        """Ids of requests that were surely never sent."""
        return {file.stem for file in self.folder.glob(f"*{_UNSENT}")}

    def forget_unsent(self) -> None:
        """Remove what `announce` left, once the ledger says so."""
        for file in self.folder.glob(f"*{_UNSENT}"):
            file.unlink()

    def drop(self, slips: Sequence[RequestRecord]) -> None:
        """Remove answers that are in the tables."""
        for slip in slips:
            self._file(slip).unlink(missing_ok=True)

    def kept(self) -> Iterator[tuple[RequestRecord, bytes]]:
        """Answers that are there, oldest first. A file that can't be read is told of and removed."""
        for left in self.folder.glob("*.part"):
            left.unlink()  # cut off before it was whole
        for file in sorted(self.folder.glob(f"*{_ENDING}"), key=lambda one: one.stat().st_mtime):
            line, _, answer = file.read_bytes().partition(b"\n")
            try:
                yield slip_from_json(json.loads(line)), answer
            except (AssertionError, KeyError, TypeError, ValueError):
                logger.warning("The kept answer %s can't be read; its pictures count as unknown", file.name)
                file.unlink()

    def _file(self, slip: RequestRecord) -> Path:
        return self.folder / f"{slip.request_id}{_ENDING}"


def store_kept(home: Home) -> int:
    """Store the answers that a killed run had received; returns how many there were.

    The caller holds the home folder or the purse.
    """
    arrivals, ledger, stored = ResponseStore(home), Ledger(home), 0
    batch: list[tuple[RequestRecord, bytes]] = []

    def flush() -> None:
        nonlocal stored
        ledger.write([], [(slip, read_answer(answer, slip.asked)) for slip, answer in batch])
        arrivals.drop([slip for slip, _ in batch])
        stored += len(batch)
        batch.clear()

    for one in arrivals.kept():
        batch.append(one)
        if len(batch) == STORE_ANSWERS:
            flush()
    if batch:
        flush()
    return stored


def close_books(home: Home) -> int:
    """Settle what a killed run left: its answers are stored, what it never sent is not billed, the rest is unknown.

    Returns how many pictures count as unknown. The caller holds the purse.
    """
    store_kept(home)
    arrivals = ResponseStore(home)
    unknown = close_cut_off(home.lake, arrivals.unsent(), datetime.now(UTC))
    arrivals.forget_unsent()
    return unknown
