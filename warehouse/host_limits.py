"""Rate limits that hosts announced: until when a host takes no request with a token.

A limit in one response holds for every account that is read with the same token, in this run and in the next. It
is stored at once in one small file, so that it survives a killed run. The file has a keyed hash of the token only.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from warehouse.authors import Authors
from warehouse.file_writing import replace_file

logger = logging.getLogger(__name__)

MAX_LIMIT = timedelta(hours=24)
"""A longer limit is stored as this one, so that a nonsensical header does not block a source for months."""
LOCK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class HostLimits:
    """The limits of one home folder. `keys` makes the hashes."""

    file: Path
    keys: Authors

    def until(self, host: str, token: str | None) -> datetime | None:
        """When the host takes requests with this token again (UTC); None if there is no limit now."""
        now = datetime.now(UTC)
        return self._current_limits(now).get(self._key(host, token))

    def note(self, host: str, token: str | None, until: datetime) -> None:
        """Store the limit of a response in place of the stored one; a disk error is only logged."""
        from filelock import FileLock, Timeout

        now = datetime.now(UTC)
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(self.file.with_name(f".{self.file.stem}.lock"), timeout=LOCK_SECONDS):
                limits = self._current_limits(now) | {self._key(host, token): min(until, now + MAX_LIMIT)}
                self._write({key: when for key, when in limits.items() if when > now})
        except (OSError, Timeout) as error:
            logger.warning("The rate limit of %s could not be stored: %s", host, error)

    def _current_limits(self, now: datetime) -> dict[str, datetime]:
        """The limits that end after `now`; one that ends after `MAX_LIMIT` was stored with a wrong clock."""
        try:
            stored = json.loads(self.file.read_text("utf-8"))
            limits = {key: datetime.fromisoformat(when) for key, when in stored.items()}
            return {key: when for key, when in limits.items() if now < when <= now + MAX_LIMIT}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            logger.warning("%s can't be read, so its rate limits are ignored: %s", self.file, error)
            return {}

    def _write(self, limits: Mapping[str, datetime]) -> None:
        content = json.dumps({key: when.isoformat() for key, when in limits.items()}, indent=1)
        replace_file(self.file, content, durable=True)

    def _key(self, host: str, token: str | None) -> str:
        """Host and token as one key, such as `social.example 3f0a…`; without a token the host alone."""
        name = host.lower()
        return name if token is None else f"{name} {self.keys.keyed(f'token {token}')}"
