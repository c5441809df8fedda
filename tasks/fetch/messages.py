"""What a run and its downloading processes say to each other, a line of JSON each.

To the process: its order, then jobs, `[number, address]`. From it: for each job, as it ends, the same
number with the attempt; or with what was raised. Written and read by hand: pydantic, which the crawl's
messages use, is nothing that a downloading process needs otherwise.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tasks.fetch.attempt import Attempt, StoredFile
from tasks.fetch.download import FetchOptions, Limits
from tasks.fetch.reasons import Reason


@dataclass(frozen=True, slots=True)
class DownloadJob:
    """Where and how to fetch, and the name of the process among its like."""

    home: Path
    name: str
    options: FetchOptions


def order_line(order: DownloadJob) -> bytes:
    """The order as a line."""
    options = order.options
    return _line(
        {
            "home": str(order.home),
            "name": order.name,
            "concurrency": options.concurrency,
            "per_host": options.per_host,
            "allow_private_hosts": sorted(options.allow_private_hosts),
            "folders": [str(folder) for folder in options.folders],
            "limits": asdict(options.limits),
            "user_agent": options.user_agent,
        }
    )


def order_of(line: bytes) -> DownloadJob:
    """The order in a line."""
    said = json.loads(line)
    options = FetchOptions(
        said["concurrency"],
        frozenset(said["allow_private_hosts"]),
        Limits(**said["limits"]),
        tuple(Path(folder) for folder in said["folders"]),
        said["per_host"],
        said["user_agent"],
    )
    return DownloadJob(Path(said["home"]), said["name"], options)


def job_line(number: int, url: str) -> bytes:
    """A job as a line."""
    return _line([number, url])


def job_of(line: bytes) -> tuple[int, str]:
    """Number and address of the job in a line."""
    number, url = json.loads(line)
    return number, url


@dataclass(frozen=True, slots=True)
class Raised:
    """What broke down in the process: `disk_full` says whether it was for want of room; `text` is for a person."""

    disk_full: bool
    text: str


def end_line(number: int, ended: Attempt | Raised) -> bytes:
    """How a job ended, as a line."""
    if isinstance(ended, Raised):
        return _line([number, ended.disk_full, ended.text])
    kept = ended.picture
    picture = kept and [kept.sha256, kept.bytes, kept.width, kept.height, kept.format, kept.path]
    began = ended.began_at.isoformat()
    return _line(
        [
            number,
            began,
            ended.seconds,
            ended.http_status,
            ended.reason,
            ended.asked_seconds,
            picture,
            ended.message,
        ]
    )


def end_of(line: bytes) -> tuple[int, Attempt | Raised]:
    """Number and end of the job in a line."""
    number, *said = json.loads(line)
    if len(said) == 2:
        return number, Raised(*said)
    began, seconds, http_status, reason, asked, picture, message = said
    return number, Attempt(
        datetime.fromisoformat(began),
        seconds,
        http_status,
        None if reason is None else Reason(reason),
        asked,
        picture and StoredFile(*picture),
        message,
    )


def _line(said: Any) -> bytes:
    return json.dumps(said).encode() + b"\n"
