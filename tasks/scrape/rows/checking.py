"""One row against the schema; what does not fit is told with its field, its value and what would be right."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import ValidationError

from tasks.scrape.files.values import shown
from tasks.scrape.rows.schema import CommentRow, Row

Checked = TypeVar("Checked", bound=Row)
OWN = "x_"
"""Keys that begin so are the writer's own, and are passed over."""


class BadRow(Exception):
    """A row, or a value of it, that does not fit; `field` is the first that does not, and `why` says what is wrong."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}" if field else why)
        self.field = field
        self.why = why


class Contradiction(BadRow):
    """A row that can be read, and says something else than an earlier one of the same key."""


def checked(model: type[Checked], value: dict[str, Any]) -> tuple[Checked, list[BadRow]]:
    """The row, and what of it could not be read and is null.

    Raises `BadRow`, which names every field that does not fit, where the row can't be taken without one of them.
    """
    value, lost = _without_own(value), list[BadRow]()
    while True:
        try:
            return model.model_validate(value), lost
        except ValidationError as error:
            mistakes = [(_path(one), _told(model, one), one) for one in error.errors()]
        if costly := [mistake for path, mistake, one in mistakes if not _is_optional(model, path, one)]:
            raise _as_one([*lost, *costly])
        lost += [mistake for _, mistake, _ in mistakes]
        for path, _, _ in reversed(mistakes):
            value = _without(value, path)


def did_you_mean(key: str, known: Sequence[str]) -> str:
    """What the writer of an unknown key may have meant."""
    plain = key.strip().casefold().replace(" ", "_").replace("-", "_")
    close = [name for name in known if name == plain] or difflib.get_close_matches(
        plain, known, n=1, cutoff=0.7
    )
    return f"did you mean {close[0]}?" if close else f"known: {', '.join(known)}"


def _without_own(value: dict[str, Any]) -> dict[str, Any]:
    kept = {key: one for key, one in value.items() if not key.startswith(OWN)}
    if isinstance(thread := kept.get("thread"), list):
        kept["thread"] = [
            {key: one for key, one in comment.items() if not str(key).startswith(OWN)}
            if isinstance(comment, dict)
            else comment
            for comment in thread
        ]
    return kept


def _path(error: Any) -> tuple[str | int, ...]:
    """Where a mistake is; one of the row as a whole names its field in its text."""
    if error["loc"]:
        return tuple(error["loc"])
    said = error["msg"].removeprefix("Value error, ")
    return (said.partition(": ")[0],)


def _is_optional(model: type[Row], path: tuple[str | int, ...], error: Any) -> bool:
    return error["type"] != "extra_forbidden" and path[0] in model.optional


def _without(value: dict[str, Any], path: tuple[str | int, ...]) -> dict[str, Any]:
    """The row without a value that can't be read, and without what would be false without it."""
    field = path[0]
    if len(path) == 1:
        value = {key: one for key, one in value.items() if key != field}
        if field == "likes_hidden":
            # A hidden number of likes is often written as 0.
            value.pop("likes", None)
        elif field in ("likes_rounded", "comments_rounded"):
            value[str(field)] = True
        return value
    entries, place = list(value[str(field)]), path[1]
    assert isinstance(place, int), "a field of a row is a list where it is no single value"
    if len(path) == 3 and path[2] in CommentRow.optional:
        entries[place] = {key: one for key, one in entries[place].items() if key != path[2]}
    else:
        del entries[place]
    return {**value, str(field): entries}


def _as_one(mistakes: Sequence[BadRow]) -> BadRow:
    first = mistakes[0].field
    return BadRow(first, "; ".join(str(one) for one in mistakes).removeprefix(f"{first}: "))


def _told(model: type[Row], error: Any) -> BadRow:
    place = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in error["loc"]).lstrip(".")
    said = error["msg"].removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        known = CommentRow if len(error["loc"]) > 1 else model
        hint = did_you_mean(str(error["loc"][-1]), list(known.model_fields))
        return BadRow(place, f"is no key of the schema; {hint} Your own keys begin with {OWN}")
    if error["type"] == "missing":
        return BadRow(place, "is missing")
    if error["type"] == "literal_error":
        return BadRow(place, f"{shown(error['input'])} is none of {error['ctx']['expected']}")
    if error["type"] in ("model_type", "dict_type"):
        return BadRow(place, f"{shown(error['input'])} is no object")
    if not place and ": " in said:
        field, _, said = said.partition(": ")
        return BadRow(field, said)
    return BadRow(place, said)
