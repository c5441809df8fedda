"""A row of any file format as values for the schema: empty cells are null, counts are numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tasks.scrape.rows.evidence import COUNTS, IDS, CountColumn, Evidence
from tasks.scrape.rows.validation import RowError
from tasks.scrape.values.counts import AmbiguousCount, Count, is_missing
from tasks.scrape.values.json_text import LENIENT, read_json
from tasks.scrape.values.text import shown

_VERSION = re.compile(r"\d{1,9}", re.ASCII)
_TEXTS = frozenset({"account", "post_id", "caption", "place", "author", "text"})
"""Fields where `None` and `-` may be real text or a damaged key: only an empty cell is null."""


def decode_cells(row: Mapping[str, Any]) -> tuple[dict[str, Any], list[RowError]]:
    """Decode a row whose version and comments may be text; return it with the errors of what can't be read."""
    errors = list[RowError]()
    values = {field: _decoded(value) for field, value in row.items()}
    if isinstance(version := values.get("v"), str) and _VERSION.fullmatch(version.strip()):
        values["v"] = int(version)
    if isinstance(thread := values.get("thread"), str) and not is_missing(thread):
        try:
            values["thread"] = read_json(thread, LENIENT)
        except ValueError as error:
            del values["thread"]
            errors.append(RowError("thread", f"{shown(thread)} {error}"))
    return values, errors


def drop_missing(row: Mapping[str, Any]) -> dict[str, Any]:
    """Remove values that mean "no value": null, NaN, an empty cell, `None`, `N/A`."""
    values = {
        field: value
        for field, value in row.items()
        if not (_is_empty(value) if field in _TEXTS else is_missing(value))
    }
    if isinstance(thread := values.get("thread"), list):
        values["thread"] = [drop_missing(one) if isinstance(one, dict) else one for one in thread]
    return values


def read_counts(row: Mapping[str, Any], evidence: Evidence) -> tuple[dict[str, Any], list[RowError]]:
    """Convert the counts of a post's or an account's row to numbers, with the file's other rows as evidence.

    A rounded count gets a mark beside it, as `likes_rounded`. An ambiguous one is removed and returned; what is not
    a count stays, and the schema rejects it.
    """
    values, errors = dict(row), list[RowError]()
    for field in COUNTS:
        count = _count(evidence.counts[field], field, values, errors)
        if count is not None and count.rounded:
            values[f"{field}_rounded"] = True
    if isinstance(thread := values.get("thread"), list):
        values["thread"] = list(thread)
        for position, one in enumerate(thread):
            if isinstance(one, dict):
                values["thread"][position], bad = read_comment_likes(one, evidence.counts["thread.likes"])
                errors += [RowError(f"thread[{position}].{error.field}", error.why) for error in bad]
    return values, errors


def read_comment_likes(row: Mapping[str, Any], column: CountColumn) -> tuple[dict[str, Any], list[RowError]]:
    """Convert the likes of a comment. The tables have no mark for rounded ones, so those are removed."""
    values, errors = dict(row), list[RowError]()
    count = _count(column, "likes", values, errors)
    if count is not None and count.rounded:
        errors.append(RowError("likes", f"{shown(row['likes'])} is rounded; likes of comments must be exact"))
        del values["likes"]
    return values, errors


def find_rounded_id(row: Mapping[str, Any], evidence: Evidence, prefix: str = "") -> RowError | None:
    """The error for an id that a spreadsheet has rounded, as the file's other rows show; None where none is."""
    for field in IDS:
        if evidence.ids[prefix + field].is_rounded(row.get(field)):
            return RowError(
                field,
                f"{shown(row[field])} is not an id: all long ids of this file end in zeros from the 16th digit on, as a"
                " spreadsheet rounds them; write ids as text, from the program that still has all digits",
            )
    return None


def _count(column: CountColumn, field: str, values: dict[str, Any], errors: list[RowError]) -> Count | None:
    """Replace a field's value with its count; remove and report an ambiguous one."""
    if field not in values:
        return None
    try:
        count = column.read(values[field])
    except AmbiguousCount as error:
        errors.append(RowError(field, str(error)))
        del values[field]
        return None
    except ValueError:
        return None
    values[field] = count.value
    return count


def _decoded(value: Any) -> Any:
    """Decode a text of a Parquet file whose writer did not mark it as text."""
    try:
        return value.decode() if isinstance(value, bytes) else value
    except UnicodeDecodeError:
        return value


def _is_empty(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else is_missing(value)
