"""Files for requests that are not finished: which were never sent, and the responses that arrived.

A write to the lake takes a tenth of a second; a process that is killed in that time would pay for its
responses again. A small file takes a fraction of a millisecond. The next run stores what it finds.

Of a home in an object store, each response is there too at once: another machine stores it if this one does not come back.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from classifiers.remote.outcomes import Outcome
from tasks.tag.ledger import Ledger, RequestRecord, record_from_json
from tasks.tag.services import SERVICES
from warehouse.home import Home
from warehouse.records.charges import close_interrupted_requests

logger = logging.getLogger(__name__)

_SUFFIX = ".answer"
_UNSENT = ".unsent"
_OBJECTS = "state/answers"
"""The folder of responses in an object store."""
STORE_RESPONSES = 16
"""Responses that a new run stores at once."""


class ResponseStore:
    """The folder `answers` of a home folder: a file per response, with its request's record in the first line."""

    def __init__(self, home: Home) -> None:
        self.folder = home.answers
        self._store = home.store
        self.folder.mkdir(parents=True, exist_ok=True)

    def save(self, record: RequestRecord, response: bytes) -> None:
        """Write a response. After this returns, a kill of the process can't lose it."""
        unfinished = self._file(record).with_suffix(".part")
        content = json.dumps(record.as_json()).encode() + b"\n" + response
        unfinished.write_bytes(content)
        os.replace(unfinished, self._file(record))
        if self._store is not None:
            self._store.put(_object(self._file(record)), content)

    def mark_unsent(self, records: Sequence[RequestRecord]) -> None:
        """Record that the requests are not sent yet. Call this before they are in the ledger."""
        for record in records:
            self._file(record).with_suffix(_UNSENT).touch()

    def mark_sent(self, record: RequestRecord) -> None:
        """Record that the request is sent from now on. A kill of the process can't undo this."""
        self._file(record).with_suffix(_UNSENT).unlink(missing_ok=True)

    def unsent_ids(self) -> set[str]:
        """Ids of requests that were never sent."""
        return {file.stem for file in self.folder.glob(f"*{_UNSENT}")}

    def clear_unsent(self) -> None:
        """Remove the files of `mark_unsent`, after the ledger has the same information."""
        for file in self.folder.glob(f"*{_UNSENT}"):
            file.unlink()

    def remove(self, records: Sequence[RequestRecord]) -> None:
        """Remove responses that are in the tables."""
        for record in records:
            self._file(record).unlink(missing_ok=True)
        if self._store is not None:
            self._store.delete([_object(self._file(record)) for record in records])

    def saved(self) -> Iterator[tuple[RequestRecord, bytes]]:
        """The saved responses, oldest first. A file that can't be read is logged and removed."""
        for unfinished in self.folder.glob("*.part"):
            unfinished.unlink()
        self._download()
        for file in sorted(self.folder.glob(f"*{_SUFFIX}"), key=lambda one: one.stat().st_mtime):
            line, _, response = file.read_bytes().partition(b"\n")
            try:
                yield record_from_json(json.loads(line)), response
            except ValueError:
                logger.warning(
                    "The saved response %s can't be read; its pictures count as unknown", file.name
                )
                file.unlink()
                if self._store is not None:
                    self._store.delete([_object(file)])

    def _download(self) -> None:
        """Bring the responses that other machines received and did not store."""
        if self._store is None:
            return
        for one in self._store.list(_OBJECTS):
            name = one.name.rpartition("/")[2]
            if name.endswith(_SUFFIX) and not name.startswith(".") and not (self.folder / name).exists():
                with contextlib.suppress(FileNotFoundError):  # stored and removed by now
                    self._store.download(one.name, self.folder / name)

    def _file(self, record: RequestRecord) -> Path:
        return self.folder / f"{record.request_id}{_SUFFIX}"


def _object(file: Path) -> str:
    return f"{_OBJECTS}/{file.name}"


def store_saved_responses(home: Home) -> int:
    """Store the responses that a killed run received; returns how many there were.

    The caller holds the lock of the home folder or of the budget.
    """
    responses, ledger, stored = ResponseStore(home), Ledger(home), 0
    saved = responses.saved()
    while batch := list(islice(saved, STORE_RESPONSES)):
        ledger.write([], [(record, _read(record, response)) for record, response in batch])
        responses.remove([record for record, _ in batch])
        stored += len(batch)
    return stored


def _read(record: RequestRecord, response: bytes) -> list[Outcome]:
    return SERVICES[record.service].read_response(response, record.asked)


def finish_killed_run(home: Home) -> int:
    """Store a killed run's responses. What it never sent is not billed; the rest of what it sent is unknown.

    Returns how many pictures count as unknown. The caller holds the lock of the budget.
    """
    store_saved_responses(home)
    responses = ResponseStore(home)
    unknown = close_interrupted_requests(home.lake, responses.unsent_ids(), datetime.now(UTC))
    responses.clear_unsent()
    return unknown
