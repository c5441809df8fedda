"""Counts as people write them, to integers.

What means different numbers in different languages is no count: `1,5 B` and `12 B` may be the Turkish `bin`
(thousand) or a billion, so only `1.5B` and `12B`, as English writes them, are read. `L` is the Indian lakh, `mil`
the Spanish and Portuguese thousand. Sums such as `1億2345万` are not read. Words around a number are for the
profile's pattern to cut off.

This is the one rule for counts of every kind of source. A text is read alone: `2.000` is 2000, because people write
thousands so, and `1903.0` is 1903, because programs write whole numbers so. `2.0` may be either, so it is refused here;
`rows/evidence.py` decides it by the other cells of its column.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal

LONGEST = 60
"""Characters that a count has at most."""
_LARGEST = 2**63 - 1
"""What the tables hold."""
EXACT = 2**53
"""Floats from here on are not exact: neighbouring whole numbers are the same float."""
NOTHING = frozenset({"", "nan", "none", "null", "n/a", "na", "#n/a", "<na>", "nat"})
"""What programs write where there is no value, in lower case. `-` is not here: in spreadsheets it is also 0."""

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
        # Marks of direction and joints that nobody sees.
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


class Ambiguous(ValueError):
    """A number that may be two counts."""


class Inexact(float):
    """A float whose column is too narrow for it, such as 20,000,001 in 32 bits: the true number is another one."""


def parse_count(text: str) -> Count:
    """Read `36044`, `36,044`, `36044.0`, `36.0k`, `1,2 Mio.`, `3.4万` or `10k+`.

    Digits may be of any script. Raises `ValueError` for any other form: it is never 0.
    """
    if text.isascii() and text.isdigit() and len(text) < 19:
        return Count(int(text), int(text))
    plain = plain_text(text)
    bare = plain.removesuffix("+").rstrip() if plain[:1].isdigit() else plain
    if _WHOLE.fullmatch(bare):
        value = int(re.sub(r"\D", "", bare))
        count = Count(value, value, bare != plain)
    elif whole := _POINT_ZERO.fullmatch(plain):
        value = int(re.sub(r"\D", "", whole[1] or whole[2]))
        count = Count(value, value)
    elif _SCIENTIFIC.fullmatch(plain):
        raise ValueError(
            f"{_told(text)} is no count: a spreadsheet has shortened it; format its column as a number without decimals"
        )
    elif (
        (short := _SHORT.fullmatch(bare))
        and (factor := _FACTORS.get(short[3].casefold()))
        and not _TURKISH.fullmatch(bare)
    ):
        count = _shortened(short[1], short[2] or "", factor)
    else:
        raise ValueError(f"{_told(text)} is no count")
    if count.value > _LARGEST:
        raise ValueError(f"{_told(text)} is too large for a count")
    return count


def exact_count(number: float | Decimal) -> Count:
    """A count that a page's or a file's data has as a number.

    Raises `ValueError` for what counts nothing, and for a float that is too large to be exact.
    """
    is_finite = not isinstance(number, Decimal) or number.is_finite()
    if isinstance(number, bool) or not is_finite or not 0 <= number <= _LARGEST or number % 1:
        raise ValueError(f"{shown_value(number)} is no count")
    if isinstance(number, float) and (number >= EXACT or isinstance(number, Inexact)):
        raise ValueError(f"{shown_value(number)} is no count: a float of this size is not exact")
    return Count(int(number), int(number))


def read_count(value: object) -> Count:
    """A count out of any value of JSON or of a table's cell: a number, or a text that `parse_count` reads.

    Raises `ValueError`.
    """
    if isinstance(value, str):
        return parse_count(value)
    if isinstance(value, int | float | Decimal):
        return exact_count(value)
    raise ValueError(f"{shown_value(value)} is no count")


def exact_value(value: object) -> int:
    """A count in full, for tables without a mark for rounded ones. Raises `ValueError`, also for `1.2k`."""
    count = read_count(value)
    if count.rounded:
        raise ValueError(f"{_told(str(value))} is no count in full: it is rounded")
    return count.value


def is_nothing(value: object) -> bool:
    """Whether a value says that there is none: null, NaN, an empty text, or a word for these."""
    if isinstance(value, str):
        return len(value) < 100 and value.strip().casefold() in NOTHING
    return value is None or (isinstance(value, float | Decimal) and value != value)  # noqa: PLR0124 - only NaN differs from itself


def _shortened(whole: str, decimals: str, factor: int) -> Count:
    number = Decimal(f"{whole}.{decimals}" if decimals else whole)
    half_of_last_digit = Decimal(5).scaleb(-len(decimals) - 1)
    return Count(int(number * factor), max(0, int((number - half_of_last_digit) * factor)), rounded=True)


def plain_text(text: str) -> str:
    """The text with ASCII digits, plain blanks and plain signs. Raises `ValueError` where it is too long."""
    if len(text) > 10 * LONGEST:
        raise ValueError(f"{_told(text)} is no count")
    plain = " ".join(text.translate(_SIGNS).split())
    if len(plain) > LONGEST:
        raise ValueError(f"{_told(text)} is no count")
    if plain.isascii():
        return plain
    zeros = {ord(sign) - unicodedata.decimal(sign) for sign in plain if sign.isdecimal()}
    if len(zeros) > 1:
        raise ValueError(f"{_told(text)} is no count: its digits are of several scripts")
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in plain)


def _told(text: str) -> str:
    return repr(" ".join(text[:400].split())[:40])


def shown_value(value: object) -> str:
    """Any value of JSON or of a table as a message shows it, cut short."""
    if isinstance(value, str):
        return _told(value)
    if isinstance(value, bool) or value is None:
        return "null" if value is None else str(value).lower()
    if isinstance(value, dict | list):
        return "{…}" if isinstance(value, dict) else "[…]"
    # Python refuses to write out an integer of thousands of digits.
    return "a huge number" if isinstance(value, int) and abs(value) >= 10**40 else str(value)[:40]
