"""The body of a request, and simpler ones for servers that refuse a part of it.

Servers differ in what they accept: older ones know no JSON schema, some models of OpenAI take
`max_completion_tokens` for `max_tokens` and no `temperature`.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, replace
from typing import Any

from classifiers.caption.prompt import SCHEMA

_SIMPLER = {"json_schema": "json_object", "json_object": "text"}
_ABOUT_FORMAT = ("response_format", "json_schema", "json_object", "schema", "grammar", "structured output")
_REFUSALS = (400, 404, 415, 422, 500, 501)
"""HTTP statuses with which servers refuse a part of a request that they do not know."""


@dataclass(frozen=True, slots=True)
class RequestForm:
    """Which parts a request has. `may_change`: a refused `response_format` is replaced by a simpler one."""

    response_format: str
    may_change: bool
    limit_key: str = "max_tokens"
    has_temperature: bool = True

    def body(self, model: str, text: str, jpeg: bytes, max_tokens: int) -> dict[str, Any]:
        """The JSON of `POST chat/completions` for one picture."""
        picture = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": picture}}]
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": "user", "content": content}],
            "stream": False,
            self.limit_key: max_tokens,
        }
        if self.has_temperature:
            body["temperature"] = 0
        if self.response_format == "json_schema":
            schema = {"name": "caption", "strict": True, "schema": SCHEMA}
            body["response_format"] = {"type": "json_schema", "json_schema": schema}
        elif self.response_format == "json_object":
            body["response_format"] = {"type": "json_object"}
        return body

    def without_refused(self, code: int, message: str) -> RequestForm | None:
        """A simpler form after a refusal with that HTTP status and message; None where the form is not its cause."""
        text = message.lower()
        if code not in _REFUSALS:
            return None
        if self.limit_key == "max_tokens" and "max_completion_tokens" in text:
            return replace(self, limit_key="max_completion_tokens")
        if self.has_temperature and "temperature" in text:
            return replace(self, has_temperature=False)
        if self.may_change and self.response_format != "text" and any(one in text for one in _ABOUT_FORMAT):
            return replace(self, response_format=_SIMPLER[self.response_format])
        return None


def first_form(response_format: str) -> RequestForm:
    """The form for a setting: `auto` begins with a JSON schema."""
    is_auto = response_format == "auto"
    return RequestForm("json_schema" if is_auto else response_format, may_change=is_auto)
