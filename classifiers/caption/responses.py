"""Read a response of a chat server: a sentence and labels, or why there is none. Responses are hostile input."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from classifiers.caption.content_words import labels_from_list, labels_from_sentence, words_of
from classifiers.caption.languages import LANGUAGES, other_language
from classifiers.caption.plain_text import MAX_READ_LENGTH, clean_line, without_parts
from classifiers.caption.reactions import message_of, status_of_error
from classifiers.remote.outcomes import ExpectedOutput, Outcome, Reaction, Sentence, Status, printable_line

SUCCESS = Status(Reaction.KEEP, "OK", "")
_THINKING = (("<think>", "</think>"), ("<thinking>", "</thinking>"))
"""What models write before their response."""
_FENCE = re.compile(r"^```[A-Za-z]*|```$")
"""Of a text without spaces around it: a search for `\\s*` before the end takes minutes on a text with many spaces."""
_REFUSAL = re.compile(
    r"(?:i['’]?m sorry|i am sorry|sorry,|i can(?:no|['’])t |i can not |i am (?:unable|not able) |i['’]m (?:unable|not able) "
    r"|as an ai|unfortunately, i )",
    re.IGNORECASE,
)
"""How models begin to refuse in English; other languages have the field `refusal`, or end as a caption."""
MAX_REFUSAL_LENGTH = 400


class _Unusable(Exception):
    """The response can't be used; the text says why."""


class _Failed(Exception):
    """The response is an error of the server, with this status."""

    def __init__(self, status: Status) -> None:
        self.status = status


class _Refused(Exception):
    """The model refuses the picture; the text has its reason."""


def read_response(
    response: bytes | Status, expected: ExpectedOutput, redact: Callable[[str], str] = str
) -> list[Outcome]:
    """One outcome, because a request has one picture. `redact` removes the key from the server's texts.

    A response without a usable caption is `UNUSABLE`; a refusal of the model is `PICTURE`, and billed.
    """
    if isinstance(response, Status):
        return [Outcome(response)]
    try:
        text = _read_text(response, redact)
        caption, listed = _read_caption(text)
        return [_make_outcome(caption, listed, expected)]
    except _Failed as error:
        return [Outcome(error.status)]
    except _Unusable as error:
        return [Outcome(Status(Reaction.UNUSABLE, "UNUSABLE", redact(printable_line(str(error)))))]
    except _Refused as error:
        return [Outcome(Status(Reaction.PICTURE, "REFUSED", redact(printable_line(str(error))), billed=True))]


def _make_outcome(caption: str, listed: list[Any], expected: ExpectedOutput) -> Outcome:
    if not any(map(str.isalpha, caption)):
        raise _Unusable("the caption is empty")
    if other := other_language(words_of(caption), expected.language):
        wanted = LANGUAGES[expected.language].name
        raise _Unusable(f"the caption is not in {wanted}, but in {other}: {caption[:100]}")
    labels = labels_from_list(listed, expected.language, expected.top) or labels_from_sentence(
        caption, expected.language, expected.top
    )
    return Outcome(SUCCESS, labels, Sentence(caption, expected.language))


def _read_text(response: bytes, redact: Callable[[str], str]) -> str:
    """The text that the model wrote."""
    try:
        given = json.loads(response)
    except (ValueError, RecursionError):
        raise _Unusable("the response is not JSON, or is cut off") from None
    if not isinstance(given, dict) or not isinstance(given.get("choices"), list) or not given["choices"]:
        if isinstance(given, dict) and (status := status_of_error(given, redact)) is not None:
            raise _Failed(status)
        raise _Unusable(f"the response has no choices: {message_of(given) or 'nothing'}")
    choice = given["choices"][0]
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict):
        raise _Unusable("the response has no message")
    if isinstance(refusal := message.get("refusal"), str) and refusal.strip():
        raise _Refused(refusal)
    if choice.get("finish_reason") == "content_filter":
        raise _Refused("the server's content filter stopped the response")
    text = _content(message.get("content"))[: 4 * MAX_READ_LENGTH]
    for start, end in _THINKING:
        text = without_parts(text, start, end)
    text = text.strip()
    if choice.get("finish_reason") == "length" and not _is_complete(text):
        raise _Unusable("the response is cut off at max_tokens; a larger max_tokens may help")
    if not text:
        raise _Unusable("the response is empty")
    return text


def _content(content: object) -> str:
    """The text of a message, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))
    return ""


def _is_complete(text: str) -> bool:
    return _parse_object(text) is not None


def _parse_object(text: str) -> Any:
    """The first JSON object in the text; None where there is none, or where it is broken."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        return json.JSONDecoder().raw_decode(text[start:])[0]
    except (ValueError, RecursionError):
        return None


def _read_caption(text: str) -> tuple[str, list[Any]]:
    """The caption and the list of labels; a plain sentence is a caption without a list."""
    given = _parse_object(text)
    if given is not None:
        caption, labels = given.get("caption"), given.get("labels")
        if not isinstance(caption, str):
            raise _Unusable(f"the JSON has no text caption: {text[:100]}")
        _refuse_refusals(caption)
        return clean_line(caption), labels if isinstance(labels, list) else []
    plain = _FENCE.sub("", text).strip()
    if plain.startswith(("{", "[", '"caption"')):
        raise _Unusable(f"the JSON is broken: {text[:100]}")
    _refuse_refusals(plain)
    return clean_line(_first_paragraph(plain)), []


def _first_paragraph(text: str) -> str:
    return next((part for part in re.split(r"\n\s*\n", text[:MAX_READ_LENGTH]) if part.strip()), "")


def _refuse_refusals(text: str) -> None:
    if _REFUSAL.match(text.strip()) and len(text) <= MAX_REFUSAL_LENGTH:
        raise _Refused(text)
