"""A comment's text apart: addresses, mentions, hashtags, emoji, and the words that remain."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

MAX_READ_LENGTH = 4_000
"""Characters of a text that are read. Instagram's comments have at most 2,200."""
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S{1,500}|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,60}(?:\.[\w-]{2,60}){1,4}(?![\w@])|"
    r"(?<![\w@])[\w-]{1,60}\.(?:(?:com|net|org|shop|store)\b(?:/\S{0,200})?|(?:ly|me|link|io|co|gg|ee)/\S{1,200})",
    re.IGNORECASE,
)
"""Of pages and of mail. Endings that are also words count with a path only: people write 'love it.me too'."""
_MENTION = re.compile(r"(?<![\w@])@([\w.]{1,100}(?:@[\w.-]{1,100})?)")
_HASHTAG = re.compile(r"(?<![\w&])[#＃](\w{1,140})")
_JOINER, _VARIATION, _KEYCAP = "\u200d", "\ufe0f", "\u20e3"
_EMOJI_CHARACTER = (
    r"[\U0001F300-\U0001F6FF\U0001F780-\U0001F7FF\U0001F90C-\U0001FAFF\u2600-\u27BF"
    r"\u2B05-\u2B07\u2B1B\u2B1C\u2B50\u2B55\u231A\u231B\u23E9-\u23FA\u3030\u303D]"
)
_MODIFIER = r"[\U0001F3FB-\U0001F3FF\uFE0F]?"
_FLAG = r"[\U0001F1E6-\U0001F1FF]{1,2}|\U0001F3F4[\U000E0020-\U000E007F]{1,8}"
"""Two letters are the flag of a country, a black flag with tags is that of a part of one."""
_EMOJI = re.compile(f"{_FLAG}|{_EMOJI_CHARACTER}{_MODIFIER}(?:{_JOINER}{_EMOJI_CHARACTER}{_MODIFIER}){{0,6}}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class TextParts:
    """The parts of a comment.

    `words` is the text without addresses, mentions, hashtags and emoji, with single spaces. `emoji` are in their order,
    each as often as it is there; the others are each there once.
    """

    words: str
    addresses: tuple[str, ...]
    mentions: tuple[str, ...]
    hashtags: tuple[str, ...]
    emoji: tuple[str, ...]


def divide_text(text: str) -> TextParts:
    """The parts of the first `MAX_READ_LENGTH` characters of a text, in Unicode's composed form (NFC)."""
    rest = unicodedata.normalize("NFC", text[:MAX_READ_LENGTH])
    addresses = _ADDRESS.findall(rest)
    rest = _ADDRESS.sub(" ", rest)
    mentions = [one.rstrip(".").lower() for one in _MENTION.findall(rest)]
    rest = _MENTION.sub(" ", rest)
    hashtags = [one.lower() for one in _HASHTAG.findall(rest) if not one.isdigit()]
    rest = _HASHTAG.sub(" ", rest)
    emoji = [one.replace(_VARIATION, "") for one in _EMOJI.findall(rest)]
    rest = _EMOJI.sub(" ", rest).replace(_VARIATION, "").replace(_KEYCAP, "").replace(_JOINER, "")
    words = _SPACES.sub(" ", rest).strip()
    return TextParts(words, _once(addresses), _once(mentions), _once(hashtags), tuple(emoji))


def _once(values: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for one in values if one))
