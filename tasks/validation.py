"""Validation errors of pydantic in words."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any

_FIXES = {
    "model_type": "write a table",
    "string_type": "write a text in quotes",
    "tuple_type": "write a list in brackets",
}
"""What to write, in TOML's words, by the type of pydantic's error."""


def describe_error(error: Any, key: str, known: Sequence[str]) -> str:
    """Describe one of `ValidationError.errors()`: the key, its value and what would be right.

    `known` are the keys of the table that the error is in.
    """
    if error["type"] == "extra_forbidden":
        return f"unknown key {key}; {suggest(key, known)}"
    if error["type"] == "missing":
        return f"the key {key} is missing"
    message = _FIXES.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return f"{key} = {_without_secrets(error['input'])}: {message}" if key else message


def _without_secrets(value: Any) -> str:
    """A value as the settings have it, without the user and the password of an address."""
    return re.sub(r"://[^/@\s]*@", "://…@", repr(value))


def suggest(key: str, known: Sequence[str]) -> str:
    """Suggest the known key that the author of an unknown one may have meant."""
    close = [name for name in known if name.startswith(key) or key.startswith(name)]
    close += difflib.get_close_matches(key, known, n=1)
    if close:
        return f"did you mean {close[0]}?"
    return f"known keys: {', '.join(known)}" if known else "the table has no keys"
