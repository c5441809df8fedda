"""What a client of a server is for the stage tag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from classifiers.remote.outcomes import Status
from classifiers.remote.payload import Payload


class PendingResponse(Protocol):
    """A request in flight."""

    def when_done(self, then: Callable[[], None]) -> None:
        """Call `then` in one of the client's threads when the request ends, with or without a response."""
        ...

    def receive(self) -> bytes | Status:
        """Wait for the end of the request; return the raw response, or the status if there is none."""
        ...

    def cancel(self) -> None:
        """Cancel the request."""
        ...


class Client(Protocol):
    """A connection to a server, with the key. Several threads may call its methods."""

    def send(self, model_id: str, version: str, payloads: Sequence[Payload]) -> PendingResponse:
        """Send pictures to a model. Returns at once."""
        ...

    def current_version(self, model_id: str, version: str = "") -> str:
        """What the server has under that name. The request costs nothing. Raises `ClassifierUnavailable`."""
        ...

    def redact_texts(self, text: str) -> str:
        """A server's text without the key."""
        ...

    def close(self) -> None:
        """Close the connection and cancel all requests in flight."""
        ...
