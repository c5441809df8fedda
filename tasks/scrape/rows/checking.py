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
    """A row that does not fit; `field` is the first that does not."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}" if field else why)
        self.field = field


def checked(model: type[Checked], value: dict[str, Any]) -> Checked:
    """The row. Raises `BadRow`, which names every field that does not fit."""
    try:
        return model.model_validate(_without_own(value))
    except ValidationError as error:
        mistakes = [_told(model, one) for one in error.errors()]
        first = mistakes[0].field
        whole = "; ".join(str(mistake) for mistake in mistakes)
        raise BadRow(first, whole.removeprefix(f"{first}: ")) from None


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
