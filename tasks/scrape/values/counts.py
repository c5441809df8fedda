"""Counts as people and programs write them, read as integers.

A text that means different numbers in different languages is rejected: `1,5 B` and `12 B` may be the Turkish `bin`
(thousand) or a billion, so only `1.5B` and `12B`, as English writes them, are read. `L` is the Indian lakh, `mil`
the Spanish and Portuguese thousand. Sums such as `1億2345万` are rejected. A profile's pattern removes words around a
number.

Every kind of source uses these rules. A text is read alone: `2.000` is 2000, because people write thousands so, and
`1903.0` is 1903, because programs write whole numbers so. `2.0` may be either, so it is rejected here;
`rows/evidence.py` decides it by the other cells of its column.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

from tasks.scrape.values.text import shown

MAX_CHARACTERS = 60
_MAX_COUNT = 2**63 - 1
"""The largest count that the tables store."""
MIN_INEXACT = 2**53
"""Floats from here on are not exact: adjacent integers are the same float."""
MISSING_WORDS = frozenset({"", "nan", "none", "null", "n/a", "na", "#n/a", "<na>", "nat"})
"""Programs write these, in any case, for no value. `-` is not among them: in spreadsheets it is also 0."""

_UNITS: dict[int, str] = {
    1_000: "k к tsd tsd. mil тыс тыс. tys tys. 千 천 هزار ألف",
    10_000: "万 萬 만",
    100_000: "l lakh lakhs lac लाख",
    1_000_000: "m mio mio. mi mln mln. млн млн. مليون میلیون",
    10_000_000: "cr cr. crore crores करोड़",
    100_000_000: "億 亿 억",
    1_000_000_000: "b bn mrd mrd. md mld mld. млрд млрд.",
}
_FACTORS = {word: factor for factor, words in _UNITS.items() for word in words.split()}

_GROUP = r"[,. '٬،]"
_WHOLE = re.compile(
    rf"\d+|[1-9]\d{{0,2}}(?:({_GROUP})\d{{3}})(?:\1\d{{3}})*"  # 36044, 36,044, 36 044
    r"|[1-9]\d?(?:,\d{2})+,\d{3}",  # 1,00,000, as in India
    re.ASCII,
)
_POINT_ZERO = re.compile(
    r"(\d{4,})[.,]0{1,3}"  # 1903.0: a program's whole number
    r"|([1-9]\d{0,2}(?:([.,])\d{3})+)(?!\3)[.,]0{1,2}",  # 1.903,00
    re.ASCII,
)
_SCIENTIFIC = re.compile(r"\d+(?:[.,]\d+)?e[+-]?\d+", re.ASCII | re.IGNORECASE)
_SHORT = re.compile(r"(\d{1,19})(?:[.,٫](\d{1,2}))? ?([^\d\s.,+]+\.?)")
_TURKISH = re.compile(r".*[, ].*b", re.IGNORECASE)
_SIGNS = str.maketrans(
    {
        **dict.fromkeys("’ʼ‘＇", "'"),  # apostrophes between thousands
        "，": ",",
        "．": ".",
        "＋": "+",
        # Invisible marks of direction and joints.
        **dict.fromkeys(
            "\u200b\u200c\u200d\u200e\u200f\u061c\u2060\ufeff\u202a\u202b\u202c\u2066\u2067\u2068\u2069"
        ),
    }
)


@dataclass(frozen=True, slots=True)
class Count:
    """A count, and the smallest one that a page would round to it.

    `rounded`: the page shows fewer digits than the count has.
    """

    value: int
    least: int
    rounded: bool = False


class AmbiguousCount(ValueError):
    """A number that may be two counts."""


class InexactFloat(float):
    """A float that its column can't represent, such as 20,000,001 in 32 bits: the true number is another one."""


def parse_count(text: str) -> Count:
    """Read `36044`, `36,044`, `36044.0`, `36.0k`, `1,2 Mio.`, `3.4万` or `10k+`.

    Digits may be of any script. Raises `ValueError` for any other form; it never returns 0 for one.
    """
    if text.isascii() and text.isdigit() and len(text) < 19:
        return Count(int(text), int(text))
    plain = normalize(text)
    bare = plain.removesuffix("+").rstrip() if plain[:1].isdigit() else plain
    if _WHOLE.fullmatch(bare):
        value = int(re.sub(r"\D", "", bare))
        count = Count(value, value, bare != plain)
    elif match := _POINT_ZERO.fullmatch(plain):
        value = int(re.sub(r"\D", "", match[1] or match[2]))
        count = Count(value, value)
    elif _SCIENTIFIC.fullmatch(plain):
        raise ValueError(
            f"{shown(text)} is not a count: a spreadsheet has shortened it; format its column as a number without decimals"
        )
    elif (
        (short := _SHORT.fullmatch(bare))
        and (factor := _FACTORS.get(short[3].casefold()))
        and not _TURKISH.fullmatch(bare)
    ):
        count = _expand(short[1], short[2] or "", factor)
    else:
        raise ValueError(f"{shown(text)} is not a count")
    if count.value > _MAX_COUNT:
        raise ValueError(f"{shown(text)} is too large for a count")
    return count


def count_of_number(number: float | Decimal) -> Count:
    """The count that a number is.

    Raises `ValueError` for a number that is not a count, and for a float that is too large to be exact.
    """
    is_finite = not isinstance(number, Decimal) or number.is_finite()
    if isinstance(number, bool) or not is_finite or not 0 <= number <= _MAX_COUNT or number % 1:
        raise ValueError(f"{shown(number)} is not a count")
    if isinstance(number, float) and (number >= MIN_INEXACT or isinstance(number, InexactFloat)):
        raise ValueError(f"{shown(number)} is not a count: a float of this size is not exact")
    return Count(int(number), int(number))


def read_count(value: object) -> Count:
    """The count in a value of JSON or in a table's cell: a number, or a text that `parse_count` reads.

    Raises `ValueError`.
    """
    if isinstance(value, str):
        return parse_count(value)
    if isinstance(value, int | float | Decimal):
        return count_of_number(value)
    raise ValueError(f"{shown(value)} is not a count")


def read_exact_count(value: object) -> int:
    """A count for tables that have no mark for rounded ones. Raises `ValueError`, also for `1.2k`."""
    count = read_count(value)
    if count.rounded:
        raise ValueError(f"{shown(value)} is not an exact count: it is rounded")
    return count.value


def is_missing(value: object) -> bool:
    """Whether a value means that there is none: null, NaN, an empty text, or a word for these."""
    if isinstance(value, str):
        return len(value) < 100 and value.strip().casefold() in MISSING_WORDS
    return value is None or (isinstance(value, float | Decimal) and value != value)  # noqa: PLR0124 - only NaN differs from itself


def _expand(digits: str, decimals: str, factor: int) -> Count:
    number = Decimal(f"{digits}.{decimals}" if decimals else digits)
    half_of_last_digit = Decimal(5).scaleb(-len(decimals) - 1)
    return Count(int(number * factor), max(0, int((number - half_of_last_digit) * factor)), rounded=True)


def normalize(text: str) -> str:
    """The text with ASCII digits, plain spaces and plain signs. Raises `ValueError` where it is too long."""
    plain = " ".join(text[: 10 * MAX_CHARACTERS].translate(_SIGNS).split())
    if len(text) > 10 * MAX_CHARACTERS or len(plain) > MAX_CHARACTERS:
        raise ValueError(f"{shown(text)} is not a count")
    if plain.isascii():
        return plain
    zeros = {ord(sign) - unicodedata.decimal(sign) for sign in plain if sign.isdecimal()}
    if len(zeros) > 1:
        raise ValueError(f"{shown(text)} is not a count: it mixes digits of several scripts")
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in plain)
