"""Validates one row against the schema. An error names the field, its value and the correct form."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from tasks.scrape.rows.schema import CommentRow, Row
from tasks.scrape.values.text import shown

Checked = TypeVar("Checked", bound=Row)
OWN = "x_"
"""Keys with this prefix belong to the writer and are ignored."""


class RowError(Exception):
    """A row, or a value of it, that does not fit; `field` is the first such field, and `why` is the reason."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}" if field else why)
        self.field = field
        self.why = why


class ConflictingRow(RowError):
    """A readable row that contradicts an earlier one with the same key."""


def validate_row(model: type[Checked], value: dict[str, Any]) -> tuple[Checked, list[RowError]]:
    """Return the row, and the errors of optional values that can't be read and are null.

    Raises `RowError`, which names every field that does not fit, where a required value is among them.
    """
    value, errors = _drop_own(value), list[RowError]()
    while True:
        try:
            return model.model_validate(value), errors
        except ValidationError as error:
            mistakes = [(_describe(model, one), one) for one in error.errors()]
        if costly := [mistake for mistake, one in mistakes if _costs_the_row(model, mistake, one)]:
            raise join_errors([*errors, *costly])
        errors += [mistake for mistake, _ in mistakes]
        for mistake, one in reversed(mistakes):
            value = _without(value, one["loc"] or (mistake.field,))


def did_you_mean(key: str, known: Sequence[str]) -> str:
    """Suggest what the writer of an unknown key may have meant."""
    plain = key.strip().casefold().replace(" ", "_").replace("-", "_")
    close = [name for name in known if name == plain] or difflib.get_close_matches(
        plain, known, n=1, cutoff=0.7
    )
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}."


def join_errors(errors: Sequence[RowError]) -> RowError:
    """Join the errors of a row; the first names the field."""
    first = errors[0].field
    return RowError(first, "; ".join(str(one) for one in errors).removeprefix(f"{first}: "))


def _drop_own(value: dict[str, Any]) -> dict[str, Any]:
    values = {key: one for key, one in value.items() if not str(key).startswith(OWN)}
    if isinstance(thread := values.get("thread"), list):
        values["thread"] = [_drop_own(one) if isinstance(one, dict) else one for one in thread]
    return values


def _costs_the_row(model: type[Row], mistake: RowError, error: Any) -> bool:
    return error["type"] == "extra_forbidden" or mistake.field in model.essential


def _without(value: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """Remove a value that can't be read, and what would be wrong without it."""
    field = path[0]
    if len(path) == 1:
        value = {key: one for key, one in value.items() if key != field}
        if field == "likes_hidden":
            # Hidden likes are often written as 0.
            value.pop("likes", None)
        elif field in ("likes_rounded", "comments_rounded", "shares_rounded"):
            value[str(field)] = True
        return value
    entries, position = list(value[str(field)]), path[1]
    assert isinstance(position, int), "a field with sub-values is a list"
    if len(path) == 3 and path[2] not in CommentRow.essential:
        entries[position] = {key: one for key, one in entries[position].items() if key != path[2]}
    else:
        del entries[position]
    return {**value, str(field): entries}


def _describe(model: type[Row], error: Any) -> RowError:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"])
    location = "".join(steps).removeprefix(".")
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        known = CommentRow if len(error["loc"]) > 1 else model
        hint = did_you_mean(str(error["loc"][-1]), list(known.model_fields))
        return RowError(location, f"is not a key of the schema; {hint} Start your own keys with {OWN}")
    if error["type"] == "missing":
        return RowError(location, "is missing")
    if error["type"] == "literal_error":
        return RowError(location, f"{shown(error['input'])} is not one of {error['ctx']['expected']}")
    if error["type"] in ("model_type", "dict_type"):
        return RowError(location, f"{shown(error['input'])} is not an object")
    if not location:
        # A mistake about the row as such names its field in the text.
        location, _, message = message.partition(": ")
    return RowError(location, message)
