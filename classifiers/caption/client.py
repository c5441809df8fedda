"""Requests to a server with the OpenAI chat interface, each with a deadline and a limit on its response.

The requests run in an event loop in a thread of their own, because a cancelled request then ends at once.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import logging
import ssl
import threading
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import CancelledError, Future
from typing import Any

import httpx

from classifiers.caption.options import CaptionOptions
from classifiers.caption.reactions import error_message, status_of_http
from classifiers.caption.request_form import first_form
from classifiers.errors import ClassifierUnavailable
from classifiers.remote.outcomes import Reaction, Status, printable_line
from classifiers.remote.payload import Payload

logger = logging.getLogger(__name__)

MAX_RESPONSE_BYTES = 1_000_000
"""A sentence with labels has less than a thousandth of this."""
MAX_MODELS_BYTES = 8_000_000
CONNECT_SECONDS = 15.0
PROBE_SECONDS = 15.0
CLOSE_SECONDS = 5.0
MAX_LISTED = 10
"""Models of the server that are listed when the one in the settings is not among them."""
MAX_NAME_LENGTH = 200
MIN_KEY_LENGTH = 12
"""A shorter key, such as the 'ollama' that some servers want, may be a word of a caption."""
_NO_LIST = (404, 405, 501)


class _ResponseTooLong(Exception):
    """The response is longer than the limit."""


class PendingCaption:
    """A request in flight."""

    def __init__(self, running: Future[bytes | Status]) -> None:
        self._running = running

    def when_done(self, then: Callable[[], None]) -> None:
        """Call `then` in the client's thread when the request ends, with or without a response."""
        self._running.add_done_callback(lambda _: then())

    def receive(self) -> bytes | Status:
        """Wait for the end of the request; return the raw response, or the status if there is none."""
        try:
            return self._running.result()
        except CancelledError:
            return Status(Reaction.AGAIN, "CANCELLED", "")

    def cancel(self) -> None:
        """Cancel the request."""
        self._running.cancel()


class CaptionClient:
    """Connections to one server, with its key if it has one. Several threads may call the methods."""

    def __init__(self, options: CaptionOptions, key: str | None) -> None:
        self._options = options
        self._key = key
        self._address = options.address
        self._form = first_form(options.response_format)
        self._http = httpx.AsyncClient(
            # A compressed response could be a thousand times longer than what arrives.
            headers={"Accept-Encoding": "identity", "User-Agent": "likelens"}
            | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=httpx.Timeout(options.deadline_seconds, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=options.in_flight + 1),
            # A server of one's own is not reached through the environment's proxy, and may have a certificate
            # that only this system trusts.
            trust_env=not self._address.is_private,
            verify=ssl.create_default_context() if self._address.is_private else True,
            follow_redirects=False,
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="caption", daemon=True)
        self._thread.start()

    def send(self, model_id: str, version: str, payloads: Sequence[Payload]) -> PendingCaption:
        """Send one picture to a model. Returns at once."""
        (payload,) = payloads
        return PendingCaption(self._submit(self._request_caption(model_id, payload.data)))

    def current_version(self, model_id: str, version: str = "") -> str:
        """The server's name of a model; of its only model if `model_id` is empty. Sends no picture.

        A server that lists no models is trusted to have it. Raises `ClassifierUnavailable`.
        """
        status, body = self._submit(self._fetch_models()).result()
        if status is not None and not (model_id and status.name in {f"HTTP {code}" for code in _NO_LIST}):
            raise ClassifierUnavailable(self._describe_failure(status))
        if status is not None:
            return model_id
        names = _model_names(body)
        if found := _find_model(names, model_id):
            return found
        raise ClassifierUnavailable(self._describe_models(names, model_id))

    def redact_texts(self, text: str) -> str:
        """A server's text without the key."""
        return text.replace(self._key, "…") if self._key else text

    def close(self) -> None:
        """Close the connections and cancel all requests in flight."""
        try:
            self._submit(self._close()).result(CLOSE_SECONDS)
        except (TimeoutError, CancelledError, httpx.HTTPError):
            logger.debug("The connections to %s were not closed in time", self._address.host)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSE_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()

    def _submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _close(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._http.aclose()

    async def _request_caption(self, model_id: str, jpeg: bytes) -> bytes | Status:
        try:
            async with asyncio.timeout(self._options.deadline_seconds):
                while True:
                    form = self._form
                    body = form.body(model_id, self._options.request_text, jpeg, self._options.max_tokens)
                    response, content = await self._exchange(
                        "POST", "chat/completions", MAX_RESPONSE_BYTES, json=body
                    )
                    if response.status_code == 200:
                        return content
                    message = self.redact_texts(error_message(content))
                    simpler = form.without_refused(response.status_code, message)
                    if simpler is None:
                        return status_of_http(
                            response.status_code, message, response.headers.get("retry-after")
                        )
                    if self._form is form:  # otherwise another request has found a simpler one
                        logger.info("%s refuses a part of the request: %s", self._address.host, message)
                        self._form = simpler
        except TimeoutError:
            return _deadline(self._options.deadline_seconds)
        except _ResponseTooLong:
            return Status(
                Reaction.UNUSABLE, "TOO_LONG", f"the response has over {MAX_RESPONSE_BYTES:,} bytes"
            )
        except Exception as error:  # noqa: BLE001 - the lane waits for an outcome of each request
            return self._status_of_error(error)

    async def _fetch_models(self) -> tuple[Status | None, bytes]:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                response, body = await self._exchange("GET", "models", MAX_MODELS_BYTES)
        except TimeoutError:
            return _deadline(PROBE_SECONDS), b""
        except _ResponseTooLong:
            return Status(Reaction.STOP, "TOO_LONG", "its list of models is too long"), b""
        except httpx.HTTPError as error:
            return self._status_of_error(error), b""
        if response.status_code == 200:
            return None, body
        message = self.redact_texts(error_message(body))
        return status_of_http(response.status_code, message, None), b""

    async def _exchange(
        self, method: str, path: str, limit: int, **sent: Any
    ) -> tuple[httpx.Response, bytes]:
        body = bytearray()
        async with self._http.stream(method, f"{self._address.url}/{path}", **sent) as response:
            async for piece in response.aiter_raw():
                body += piece
                if len(body) > limit:
                    raise _ResponseTooLong
        return response, self._redact_body(bytes(body))

    def _redact_body(self, body: bytes) -> bytes:
        """A response without the key: in full, because a message that is cut may end within the key."""
        if self._key is None or len(self._key) < MIN_KEY_LENGTH:
            return body
        return body.replace(self._key.encode(), "…".encode())

    def _status_of_error(self, error: Exception) -> Status:
        """The status of a request without a complete response; certainly unsent if there was no connection."""
        unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        message = self.redact_texts(printable_line(str(error)))
        return Status(Reaction.AGAIN, type(error).__name__, message, unsent)

    def _describe_failure(self, status: Status) -> str:
        where = f"The server {self._address.url}"
        if status.reaction is Reaction.STOP:
            return f"{where}: {status.message}"
        return f"{where} does not respond ({status}). Start it, or check base_url in the settings, and run again."

    def _describe_models(self, names: Sequence[str], model_id: str) -> str:
        near = difflib.get_close_matches(model_id, names, n=MAX_LISTED, cutoff=0.5) if model_id else []
        listed = [*near, *(name for name in names if name not in near)][:MAX_LISTED]
        known = ", ".join(printable_line(one) for one in listed) or "none"
        more = f" and {len(names) - len(listed)} more" if len(names) > len(listed) else ""
        problem = (
            f"has no model {model_id}"
            if model_id
            else "has not exactly one model; choose one with the key model"
        )
        return f"The server {self._address.url} {problem}. Its models: {known}{more}."


def open_client(name: str, options: CaptionOptions, key: str | None) -> CaptionClient:
    """A client for the classifier called `name`. Raises `ClassifierUnavailable` without the key that it needs."""
    if options.secret and not key:
        block = options.secret.lower().replace("_", "-")
        raise ClassifierUnavailable(
            f"The classifier {name} has no key. Put it into the environment variable {options.secret}, or into the"
            f" Prefect Secret block {block}."
        )
    if key and not (key.isascii() and key.isprintable()):
        raise ClassifierUnavailable(f"The key in {options.secret} has invalid characters. Copy it again.")
    address = options.address
    if not (address.is_encrypted or address.is_local):
        logger.warning(
            "Pictures%s go to %s without encryption, because base_url begins with http://",
            " and the key" if key else "",
            address.host,
        )
    try:
        return CaptionClient(options, key)
    except (ImportError, ValueError, httpx.InvalidURL) as error:  # the text may have the proxy's password
        raise ClassifierUnavailable(
            f"The proxy of the environment can't be used for {address.url} ({type(error).__name__}). Set HTTPS_PROXY"
            " and ALL_PROXY to an address with http://, or NO_PROXY to the server's host."
        ) from None


def _deadline(seconds: float) -> Status:
    return Status(Reaction.AGAIN, "TIMEOUT", f"no complete response within {seconds:g} s")


def _model_names(body: bytes) -> list[str]:
    try:
        listed = json.loads(body)["data"]
        names = [one["id"] for one in listed if isinstance(one.get("id"), str)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return []
    return [name for name in names if name.isprintable() and 0 < len(name) <= MAX_NAME_LENGTH]


def _find_model(names: Sequence[str], model_id: str) -> str | None:
    """The name as the server lists it. Ollama adds `:latest` to names without a tag, Google `models/` to each."""
    if not model_id:
        return names[0] if len(names) == 1 else None
    candidates = (model_id, f"{model_id}:latest", f"models/{model_id}")
    return next((one for one in candidates if one in names), None)
