"""A row as its file has it, whatever kind of file, as values for the schema: blanks are null, counts are numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tasks.scrape.counts import Ambiguous, Count, is_nothing
from tasks.scrape.files.documents import Unreadable, parsed
from tasks.scrape.files.values import shown
from tasks.scrape.rows.checking import BadRow
from tasks.scrape.rows.evidence import COUNTS, IDS, CountColumn, Evidence

_VERSION = re.compile(r"\d{1,9}", re.ASCII)
_TEXTS = frozenset({"account", "post_id", "caption", "place", "author", "text"})
"""Fields where `None` and `-` may be what somebody wrote, or a damaged key: only an empty cell is null."""


def from_cells(row: Mapping[str, Any]) -> tuple[dict[str, Any], list[BadRow]]:
    """A row whose version and list of comments may stand as texts, and what of it can't be read and is left out."""
    lost = list[BadRow]()
    values = {field: _decoded(field, value) for field, value in row.items()}
    if isinstance(version := values.get("v"), str) and _VERSION.fullmatch(version.strip()):
        values["v"] = int(version)
    if isinstance(thread := values.get("thread"), str) and not is_nothing(thread):
        try:
            values["thread"] = parsed(thread)
        except Unreadable as error:
            del values["thread"]
            lost.append(BadRow("thread", f"{shown(thread)} {error}"))
    return values, lost


def without_nothing(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row without what says that there is no value: null, NaN, an empty cell, `None`, `N/A`."""
    kept = {
        field: value
        for field, value in row.items()
        if not (_is_empty(value) if field in _TEXTS else is_nothing(value))
    }
    if isinstance(thread := kept.get("thread"), list):
        kept["thread"] = [without_nothing(one) if isinstance(one, dict) else one for one in thread]
    return kept


def with_counts(row: Mapping[str, Any], evidence: Evidence) -> tuple[dict[str, Any], list[BadRow]]:
    """A post's or an account's row with its counts as numbers, by what the file's other rows tell.

    Rounded ones have a mark beside them, as `likes_rounded`. What is no count is left out and returned.
    """
    values, lost = dict(row), list[BadRow]()
    for field in COUNTS:
        count = _count(evidence.counts[field], field, values, lost)
        if count is not None and count.rounded:
            values[f"{field}_rounded"] = True
    if isinstance(thread := values.get("thread"), list):
        counted = [_in_thread(one, evidence) for one in thread]
        values["thread"] = [one for one, _ in counted]
        for place, (_, bad) in enumerate(counted):
            lost += [BadRow(f"thread[{place}].{one.field}", one.why) for one in bad]
    return values, lost


def with_comment_counts(row: Mapping[str, Any], column: CountColumn) -> tuple[dict[str, Any], list[BadRow]]:
    """The same for a comment, whose likes have no mark for rounded ones: those are left out."""
    values, lost = dict(row), list[BadRow]()
    count = _count(column, "likes", values, lost)
    if count is not None and count.rounded:
        lost.append(
            BadRow("likes", f"{shown(row['likes'])} is rounded; likes of comments are read in full only")
        )
        del values["likes"]
    return values, lost


def _in_thread(one: Any, evidence: Evidence) -> tuple[Any, list[BadRow]]:
    return with_comment_counts(one, evidence.counts["thread.likes"]) if isinstance(one, dict) else (one, [])


def check_ids(row: Mapping[str, Any], evidence: Evidence, prefix: str = "") -> None:
    """Raise `BadRow` for an id that a spreadsheet has rounded, as the file's other rows show."""
    for field in IDS:
        if evidence.ids[prefix + field].is_rounded(row.get(field)):
            raise BadRow(
                field,
                f"{shown(row[field])} is no id: all long ones of this file end in zeros from their 16th digit on, as a"
                " spreadsheet rounds them; write ids as texts, from the program that still has all their digits",
            )


def _count(column: CountColumn, field: str, values: dict[str, Any], lost: list[BadRow]) -> Count | None:
    """Put the count in place of a field's value; what is none is taken out and told."""
    value = values.pop(field, None)
    if value is None:
        return None
    try:
        count = column.read(value)
    except ValueError as error:
        if value == -1 or (isinstance(value, str) and value.strip() == "-1"):
            why = "-1 is no count; hidden likes are likes_hidden = true and no likes"
        else:
            hint = (
                ""
                if isinstance(error, Ambiguous)
                else "; it is a whole number from 0 on, or null when unknown"
            )
            why = f"{error}{hint}"
        lost.append(BadRow(field, why))
        return None
    values[field] = count.value
    return count


def _decoded(field: str, value: Any) -> Any:
    """A text of a Parquet file whose writer did not mark it as one."""
    if not isinstance(value, bytes):
        return value
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


def _is_empty(value: Any) -> bool:
    return not value.strip() if isinstance(value, str) else is_nothing(value)
