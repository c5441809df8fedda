"""Values as TOML (https://toml.io/en/v1.0.0). Any text stays one value, whatever is in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from flows.errors import SettingsError

TomlValue = str | bool | int | float | Sequence[str] | Mapping[str, str]

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def toml_value(value: TomlValue) -> str:
    """Write a value; a mapping becomes an inline table."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{_key(key)} = {_quoted(text)}" for key, text in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    return f"[{', '.join(map(_quoted, value))}]"


def _key(key: str) -> str:
    return key if _BARE_KEY.fullmatch(key) else _quoted(key)


def _quoted(text: str) -> str:
    """A basic string. Characters that an editor does not show, such as right-to-left marks, are escaped."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise SettingsError(
            f"{text!r} has bytes that are not UTF-8, which no settings file can hold. Rename it."
        )
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if character.isprintable():
        return character
    number = ord(character)
    return f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08X}"
