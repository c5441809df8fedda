"""Rules of spam: each has a name, which stands in the row of a comment that it matches."""

from __future__ import annotations

import re
from collections.abc import Callable

from tasks.read_comments.text_parts import TextParts

MIN_MENTIONS = 5
MAX_WORDS_WITH_ADDRESS = 200
"""Characters beside an address. Who writes more explains something."""
_OFFERS = re.compile(
    r"\b(?:(?:free|buy|gain|get|more|real|instant|10k|1k|1000)\s+(?:\w+\s+)?(?:followers|likes|views)|followers\s+(?:4|for)\s+|"
    r"seguidores\s+(?:gratis|reales|grátis)|takipçi\s+(?:kazan|satın|hilesi)|follower\s+kaufen|abonnés\s+gratuits|"
    r"накрутка|подписчик\w*\s+(?:дешево|бесплатно))",
    re.IGNORECASE,
)
_CONTACT = re.compile(
    r"\b(?:dm|d\.m|inbox|message|text|whats\s?app|telegram|write\s+to|contact)\b[^\n]{0,30}?(?:\b(?:me|us|him|her)\b\s*"
    r"(?:now|for|to|if|today)|@|\+?\d[\d\s().-]{6,})",
    re.IGNORECASE,
)
_PROMOTION = re.compile(
    r"\b(?:promote\s+(?:it|this|your)|send\s+(?:it|this|pic|us)\b[^\n]{0,20}(?:@|dm)|we\s+would\s+love\s+to\s+(?:see|feature|collab)|"
    r"brand\s+ambassador|dm\s+(?:us\s+)?(?:to|for)\s+(?:collab|promo|feature)|collab\s+with\s+us|check\s+(?:out\s+)?(?:my|our)\s+"
    r"(?:page|profile|bio|story|link|shop)|link\s+in\s+(?:my|our)\s+bio|visit\s+(?:my|our)\s+(?:page|profile|bio|shop|store))",
    re.IGNORECASE,
)
_MONEY = re.compile(
    r"\b(?:bitcoin|crypto|forex|btc|binary\s+options?|trading)\b[^\n]{0,80}\b(?:invest|profit|earn|trad|mentor|manager|expert|"
    r"account|returns?|thanks\s+to|help)\w*|\b(?:earn|make|invest)(?:ed|ing)?\b[^\n]{0,20}[$€£₿]\s?\d|\bpassive\s+income\b",
    re.IGNORECASE,
)
_PHONE = re.compile(
    r"(?<![\w.,/:])(?:(?:\+|00)[1-9](?:[\s().-]{0,2}\d){7,13}|\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4})(?![\w/.,:]\d)"
)
"""With the code of a country, or as it is written in North America: dates, coordinates and counts are longer or shorter."""
_SEX = re.compile(
    r"\b(?:onlyfans|nudes?\s+in|see\s+my\s+(?:nudes|hot)|hot\s+(?:girls?|pics?)\s+(?:in|on)|18\+\s+(?:content|in))",
    re.IGNORECASE,
)


def _has_many_mentions(parts: TextParts) -> bool:
    return len(parts.mentions) >= MIN_MENTIONS


def _is_mostly_address(parts: TextParts) -> bool:
    return bool(parts.addresses) and len(parts.words) < MAX_WORDS_WITH_ADDRESS


RULES: dict[str, Callable[[TextParts, str], bool]] = {
    "address": lambda parts, _: _is_mostly_address(parts),
    "follower_offer": lambda _, text: bool(_OFFERS.search(text)),
    "contact": lambda _, text: bool(_CONTACT.search(text)),
    "promotion": lambda _, text: bool(_PROMOTION.search(text)),
    "money": lambda _, text: bool(_MONEY.search(text)),
    "phone": lambda _, text: bool(_PHONE.search(text)),
    "sex": lambda _, text: bool(_SEX.search(text)),
    "many_mentions": lambda parts, _: _has_many_mentions(parts),
}
"""The rules by their names in `comment_readings.spam_rules`. Each gets the parts of a text, and the text."""


def matching_rules(parts: TextParts, text: str) -> tuple[str, ...]:
    """The names of the rules that a comment matches, in the order of `RULES`."""
    return tuple(name for name, matches in RULES.items() if matches(parts, text))
