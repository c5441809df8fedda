"""The reaction to each HTTP status of a chat server (RFC 9110, and the error codes of OpenAI's interface)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from classifiers.remote.outcomes import Reaction, Status, printable_line

_KEY_ADVICE = (
    "The server does not accept the key. Put a valid one into the environment variable that secret names in the"
    " settings, or into its Prefect Secret block."
)
_MONEY_ADVICE = "The account has no money or quota left. Raise its limit, or wait for the next period."
_MODEL_ADVICE = "The server has no such model or address. Check model and base_url in the settings."
_SIGHT_ADVICE = "The model does not read pictures. Set model to one that does."
_REDIRECT_ADVICE = "The server redirects requests. Set base_url to its final address."
_SIZE_ADVICE = "The picture is too large for the server. Set a smaller longest_side."
_CONTEXT_ADVICE = (
    "A picture does not fit into the model's context. Set a smaller longest_side, or give the server a larger context"
    " (--ctx-size of llama.cpp, --max-model-len of vLLM, num_ctx of Ollama)."
)
_NO_CONTEXT = (
    "context length",
    "context size",
    "context window",
    "exceeds the context",
    "n_ctx",
    "max_model_len",
)
"""Texts of llama.cpp, vLLM, LM Studio and OpenAI about a request that is too long, in lower case. Pictures of one
`longest_side` need about the same room, so no other picture would fit."""
_NO_QUOTA = ("insufficient_quota", "billing", "exceeded your current quota", "credit balance")
_NO_SIGHT = (
    "does not support image",
    "not support image",
    "no image support",
    "image input is not supported",
    "not a multimodal",
    "not multimodal",
    "missing data required for image",
    "only supported by certain models",
    "does not have vision",
    "mmproj",
)
"""Texts of vLLM, llama.cpp, Ollama, LM Studio and OpenAI about a model without vision, in lower case."""
_FLAGGED = ("moderation", "content_policy", "content policy", "content_filter", "flagged", "safety system")
_BUSY = (425, 429, 503, 529)
_ADVICE = {
    401: _KEY_ADVICE,
    402: _MONEY_ADVICE,
    403: _KEY_ADVICE,
    404: _MODEL_ADVICE,
    405: _MODEL_ADVICE,
    **dict.fromkeys((301, 302, 303, 307, 308), _REDIRECT_ADVICE),
}
"""What the user can do about each status that stops the lane."""
_REFUSED = {400: "", 406: "", 411: "", 413: _SIZE_ADVICE, 415: "", 422: ""}
"""Statuses with which a server refuses one picture, and what the user can do."""


def status_of_http(code: int, message: str, retry_after: str | None) -> Status:
    """The status of a response without a caption. `message` is the server's, `retry_after` the header."""
    name, text = f"HTTP {code}", message.lower()
    if advice := _find_advice(code, text):
        shown = f" {message}" if message else ""
        return Status(Reaction.STOP, name, f"{advice} (The server's message: {name}{shown})")
    if code in _BUSY:
        return Status(Reaction.WAIT, name, message, retry_after=retry_after)
    if code in _REFUSED or code == 403:
        return Status(Reaction.PICTURE, name, f"{_REFUSED.get(code, '')} {message}".strip())
    return Status(Reaction.AGAIN, name, message)


def _find_advice(code: int, text: str) -> str | None:
    """What the user can do where no picture would get a caption; None where another one may."""
    if any(one in text for one in _NO_SIGHT):
        return _SIGHT_ADVICE
    if any(one in text for one in _NO_CONTEXT):
        return _CONTEXT_ADVICE
    if code == 429 and any(one in text for one in _NO_QUOTA):
        return _MONEY_ADVICE
    if code == 403 and any(one in text for one in _FLAGGED):
        return None  # OpenRouter's status for a picture that its moderation refuses
    return _ADVICE.get(code)


def error_message(body: bytes) -> str:
    """The message in an error response: OpenAI's `error`, FastAPI's `detail`, or the text itself."""
    text = body[:20_000].decode("utf-8", "replace")
    try:
        given: Any = json.loads(text)
    except (ValueError, RecursionError):
        return printable_line(text)
    return printable_line(message_of(given) or text)


def status_of_error(given: dict[str, Any], redact: Callable[[str], str]) -> Status | None:
    """The status of an error with HTTP 200, which OpenRouter and LM Studio send; None where there is no error."""
    error = given.get("error")
    if not error:
        return None
    code = error.get("code") if isinstance(error, dict) else None
    known = code if isinstance(code, int) and 400 <= code < 600 else 500
    return status_of_http(known, redact(printable_line(message_of(given))), None)


def message_of(given: Any) -> str:
    """The message and the code of an error in JSON; empty where there is none."""
    if not isinstance(given, dict):
        return ""
    error = given.get("error", given.get("detail", given.get("message")))
    if isinstance(error, dict):
        parts = [error.get("message"), error.get("code") or error.get("type")]
        return " ".join(str(one) for one in parts if isinstance(one, str | int))
    return error if isinstance(error, str) else "" if error is None else str(error)
