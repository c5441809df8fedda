"""Requests of the tests to the API of a Prefect server."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

LIMIT_SECONDS = 1200.0


def call(url: str, body: dict[str, Any] | None = None, method: str | None = None) -> Any:
    """The JSON that the server returns; with a body it is a POST. Waits while the server's database is locked."""
    request = urllib.request.Request(
        url,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
        method=method,
    )
    until = time.monotonic() + LIMIT_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=300) as response:
                content = response.read()
            return json.loads(content) if content else None
        except urllib.error.HTTPError as error:
            # SQLite was locked, on a busy machine, and nothing was done.
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > until:
                raise
        time.sleep(1)
