"""Evidence from a complete file for counts and ids that are ambiguous in a single cell.

`2.000` is 2000 where people write thousands, and 2 where a program writes three decimals; `2.0` is 2 where a
program writes whole numbers, and 2000 where a program read `2.000` as a fraction. An id that ends in zeros
may be genuine, or rounded by a spreadsheet. The other cells of the column decide; where they don't, the cell is
ambiguous and is not stored.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tasks.scrape.values.counts import (
    AmbiguousCount,
    Count,
    count_of_number,
    is_missing,
    normalize,
    parse_count,
    read_count,
)
from tasks.scrape.values.times import MIN_TIME

COUNTS = ("likes", "comments", "shares", "followers", "following", "posts")
IDS = ("post_id", "comment_id", "parent_id")
SPREADSHEET_DIGITS = 15
"""Spreadsheets store this many digits of a number; further ones become zeros."""
MIN_ZEROS = 6
"""This many zeros behind those digits, over all ids, are not an accident: the odds are one in a million."""
MAX_ID_DIGITS = 40

_ONE_GROUP = re.compile(r"[1-9]\d{0,2}([., '٬،])(\d{3})", re.ASCII)
_GROUPS = re.compile(r"[1-9]\d{0,2}(?:([., '٬،])\d{3})(?:\1\d{3})+", re.ASCII)
_DECIMALS = re.compile(r"(\d+)([.,])(\d+)", re.ASCII)
_SMALL_ZERO = re.compile(r"(\d{1,3})([.,])0{1,2}", re.ASCII)


class CountColumn:
    """The counts of one field in one file, as written there."""

    def __init__(self) -> None:
        self.groups: set[str] = set()
        """Signs that certainly separate thousands, as in 1.250.000."""
        self.one_group: Counter[str] = Counter()
        """Cells like 1.903, by their sign."""
        self.round_group: set[str] = set()
        """Signs in cells like 2.000."""
        self.decimals: dict[str, str] = {}
        """Signs that certainly precede decimals, each with such a cell."""
        self.fractions = self.wholes = 0
        self.fraction = ""
        self.has_thousandths = self.has_finer = self.has_small = False
        self.largest: float | Decimal = 0

    def note(self, value: Any) -> None:
        """Take a value of the column into account; never raises."""
        if isinstance(value, bool) or is_missing(value):
            return
        if isinstance(value, str):
            self._note_text(value)
        elif isinstance(value, int | float | Decimal):
            self._note_number(value)

    def read(self, value: Any) -> Count:
        """The count that a value of the column means. Raises `ValueError`, also for an ambiguous value."""
        if not isinstance(value, str):
            count = read_count(value)
        elif small := _SMALL_ZERO.fullmatch(plain := normalize(value)):
            count, sign = count_of_number(int(small[1])), small[2]
            if count.value and sign in self._separators():
                raise _ambiguous(value, f"other cells of its column separate thousands with {sign!r}")
        else:
            self._check_group(value, plain)
            count = parse_count(value)
        if 0 < count.value < 1000 and not count.rounded and self._is_scaled():
            why = f"other cells of its column are fractions, as {self.fraction}, so its thousands may be lost"
            raise _ambiguous(value, why)
        return count

    def _separators(self) -> set[str]:
        return self.groups | self.round_group | set(self.one_group)

    def _note_text(self, text: str) -> None:
        try:
            plain = normalize(text)
        except ValueError:
            return
        if one := _ONE_GROUP.fullmatch(plain):
            if one[2] == "000":
                self.round_group.add(one[1])
            else:
                self.one_group[one[1]] += 1
        elif many := _GROUPS.fullmatch(plain):
            self.groups.add(many[1])
            self.largest = max(self.largest, 1_000_000)
        elif match := _DECIMALS.fullmatch(plain):
            self.decimals.setdefault(match[2], plain)
            self._note_number(Decimal(f"{match[1]}.{match[3]}"))
        elif plain.isascii() and plain.isdigit():
            self.has_small = self.has_small or len(plain) <= 3
            self._note_number(int(plain))

    def _note_number(self, number: float | Decimal) -> None:
        if not 0 <= number < 2**63:
            return
        self.largest = max(self.largest, number)
        if not number % 1:
            self.wholes += 1
            return
        self.fractions += 1
        self.fraction = self.fraction or str(number)[:20]
        exponent = Decimal(str(number)).as_tuple().exponent
        places = -exponent if isinstance(exponent, int) else 0
        self.has_thousandths = self.has_thousandths or places == 3
        self.has_finer = self.has_finer or places > 3

    def _check_group(self, value: str, plain: str) -> None:
        one = _ONE_GROUP.fullmatch(plain)
        if one is None or one[1] not in ".," or one[1] in self.groups:
            return
        sign, why = one[1], ""
        if one[2] != "000":
            # With decimals it would not be a count, so it means thousands, unless the column holds fractions.
            if sign in self.decimals and self.fractions > self.one_group[sign]:
                why = f"its column has decimals, as {self.decimals[sign]}"
        elif sign in self.decimals:
            why = f"its column has decimals, as {self.decimals[sign]}"
        elif self._separators() - {sign} and sign not in self.one_group:
            why = "its column separates thousands with another sign"
        elif sign not in self.one_group and not self.has_small:
            why = f"all numbers of its column end in {sign}000, which may be decimals"
        if why:
            raise _ambiguous(value, why)

    def _is_scaled(self) -> bool:
        """Whether the column looks as if 1.903 stood for 1903: fractions, and nothing from 1000 on."""
        if not self.fractions or self.largest >= 1000:
            return False
        return (self.has_thousandths and not self.has_finer) or self.fractions > self.wholes


class IdColumn:
    """The ids of one field in one file."""

    def __init__(self) -> None:
        self.is_intact = False
        self.seen: set[str] = set()
        self.zeros = 0

    def note(self, value: Any) -> None:
        """Take an id into account; never raises."""
        digits = _digits(value)
        if self.is_intact or len(digits) <= SPREADSHEET_DIGITS:
            return
        if digits[SPREADSHEET_DIGITS:].strip("0"):
            self.is_intact = True
        elif self.zeros < MIN_ZEROS and digits not in self.seen and not _is_time(digits):
            self.seen.add(digits)
            self.zeros += len(digits) - SPREADSHEET_DIGITS

    def is_rounded(self, value: Any) -> bool:
        """Whether a spreadsheet has rounded the id, as all long ids of the column."""
        if self.is_intact or self.zeros < MIN_ZEROS:
            return False
        digits = _digits(value)
        return len(digits) > SPREADSHEET_DIGITS and not digits[SPREADSHEET_DIGITS:].strip("0")


class Evidence:
    """The columns of one file; those of comments inside posts are separate."""

    def __init__(self) -> None:
        self.counts: defaultdict[str, CountColumn] = defaultdict(CountColumn)
        self.ids: defaultdict[str, IdColumn] = defaultdict(IdColumn)

    def note(self, row: Mapping[str, Any], prefix: str = "") -> None:
        """Take a row of the file into account."""
        for field, value in row.items():
            if field in COUNTS:
                self.counts[prefix + field].note(value)
            elif field in IDS:
                self.ids[prefix + field].note(value)
        thread = None if prefix else row.get("thread")
        for comment in thread if isinstance(thread, list) else ():
            if isinstance(comment, dict):
                self.note(comment, "thread.")


def _digits(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value < 10**MAX_ID_DIGITS else ""
    plain = value.strip() if isinstance(value, str) and len(value) < 2 * MAX_ID_DIGITS else ""
    return plain if plain.isascii() and plain.isdigit() else ""


def _is_time(digits: str) -> bool:
    """Whether it is a full second in micro- or nanoseconds, with more digits than a spreadsheet shows."""
    unit = {16: 10**6, 19: 10**9}.get(len(digits))
    if unit is None or int(digits) % unit or not digits[6:].strip("0"):
        return False
    return MIN_TIME.timestamp() <= int(digits) // unit <= datetime.now(UTC).timestamp()


def _ambiguous(value: Any, why: str) -> AmbiguousCount:
    text = repr(value.strip()) if isinstance(value, str) else str(value)
    return AmbiguousCount(f"{text} is ambiguous: {why}; write counts without separators and decimals")
