"""JSON that strangers wrote. `NaN` and `Infinity` are not JSON, but Python and pandas write them into files."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DIGITS = 400
"""Digits of a number that is read; a longer one is text. Python refuses those above some thousands."""


def _read_int(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


def _reject(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


STRICT = json.JSONDecoder(parse_int=_read_int, parse_constant=_reject)
LENIENT = json.JSONDecoder(
    parse_int=_read_int, parse_constant={"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}.get
)
"""Accepts what Python and pandas write; NaN is null."""


def read_json(text: str, decoder: json.JSONDecoder = STRICT) -> Any:
    """The value of a JSON text. Raises `ValueError` with a phrase that fits after the name of its source."""
    try:
        return decoder.decode(text.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise ValueError(f"is not JSON, or is cut off ({error.msg} at {where})") from None
    except RecursionError:
        raise ValueError("is nested too deeply") from None
    except ValueError as error:
        raise ValueError(f"is not JSON ({error})") from None


def read_object(text: str) -> dict[str, Any]:
    """The object of a JSON text; empty where the text is not a JSON object."""
    try:
        value = read_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def at(value: Any, *path: str | int) -> Any:
    """The value at a path of keys and positions; None where there is none."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def items(value: Any) -> list[Any]:
    """The entries of a list; empty for any other value."""
    return value if isinstance(value, list) else []
