"""Rules of spam: each has a name, which stands in the row of a comment that it matches."""

from __future__ import annotations

import re
from collections.abc import Callable

from tasks.comment_text import TextParts

MIN_MENTIONS = 5
MAX_WORDS_WITH_ADDRESS = 200
"""Characters beside an address. Who writes more explains something."""


def _any_of(*patterns: str) -> re.Pattern[str]:
    """A pattern for any of these; in each, a blank stands for any white space, at most five characters."""
    return re.compile("|".join(patterns).replace(" ", r"\s{1,5}"), re.IGNORECASE)


_OFFERS = _any_of(
    r"\b(?:free|buy|gain|get|more|real|instant|10k|1k|1000) (?:\w{1,20} )?(?:followers|likes|views)\b",
    r"\bfollowers (?:4|for) ",
    r"\bfollowers? (?:kaufen|gratis|kostenlos)\b",
    r"\bseguidores (?:gratis|reales|grátis|reais)\b",
    r"\babonnés gratuits\b",
    r"\btakipçi (?:kazan|satın|hilesi)",
    r"\bнакрутка\b|\bподписчик\w{0,5} (?:дешево|бесплатно)\b",
    r"フォロワー.{0,10}(?:増や|無料|購入)",
)
_CONTACT = _any_of(
    r"\b(?:dm|d\.m|inbox|message|text|whats ?app|telegram|write to|contact)\b[^\n]{0,30}?(?:\b(?:me|us|him|her)\b\s{0,3}"
    r"(?:now|for|to|if|today)\b|@|\+?\d[\d\s().-]{6,})",
    r"\b(?:nachricht|mensaje|mensagem|messaggio)\b[^\n@]{0,15}@",
    r"\b(?:schreib uns|escr[ií]benos|écri(?:s|vez)-nous|scrivici)\b[^\n@]{0,15}@",
    r"\b(?:пиши|пишите) в (?:директ|личку|лс)\b|\bLINE ?追加",
)
_PROMOTION = _any_of(
    r"\bpromote (?:it|this|your)\b|\bsend (?:it|this|pic|us)\b[^\n]{0,20}(?:@|\bdm\b)",
    r"\bwe would (?:love|like) to (?:see|feature|collab|offer you)|\bbrand ambassador\b|\bmarkenbotschafter",
    r"\bdm (?:us )?(?:to|for) (?:collab|promo|feature)|\bcollab with us\b",
    r"\b(?:check|visit) (?:out )?(?:my|our) (?:page|profile|bio|story|link|shop|store)\b|\blink in (?:my|our) bio\b",
    r"\b(?:schau|guck|besuch)\w{0,3} (?:\w{1,10} ){0,2}(?:mein|unser)\w{0,2} (?:profil|seite|shop)|\blink in (?:der|meiner) bio\b",
    r"\b(?:entra|visita|mira) (?:a |en )?(?:mi|nuestr[oa]) (?:perfil|página|tienda)\b|\b(?:link|enlace) en (?:mi|la|nuestra) bio\b",
    r"\b(?:visite|entra|entre|veja) (?:no |o |a )?(?:meu|nosso|minha|nossa) (?:perfil|página|loja)\b|\blink na (?:minha )?bio\b",
    r"\b(?:visite|visitez|va voir) (?:mon|ma|notre) (?:profil|page|boutique)\b|\blien dans (?:ma|notre|la) bio\b",
    r"\bvisita (?:il mio|la mia|il nostro|la nostra) (?:profilo|pagina|negozio)\b|\blink nella (?:mia |nostra )?bio\b",
    r"\b(?:ссылка|переходи\w{0,2}) в (?:профил|шапк|био)|プロフィールのリンク",
)
_MONEY = _any_of(
    r"\b(?:bitcoin|crypto|forex|btc|binary options?|trading)\b[^\n]{0,80}\b(?:invest|profit|earn|trad|mentor|manager|expert|"
    r"account|returns?|thanks to|help)\w{0,10}",
    r"\b(?:earn|make|made|invest)(?:ed|ing)?\b[^\n]{0,20}[$€£₿]\s?\d|\bpassive income\b",
)
_PHONE = re.compile(
    r"(?<![\w.,/:])(?:(?:\+|00)[1-9](?:[\s().-]{0,2}\d){7,13}|\(?\d{3}\)?[\s.-]\d{3}[\s.-]\d{4})(?![\w/.,:]\d)"
)
"""With the code of a country, or as it is written in North America: dates, coordinates and counts are longer or shorter."""
_SEX = _any_of(
    r"\bonlyfans\b|\bnudes? in\b|\bsee my (?:nudes|hot)\b|\bhot (?:girls?|pics?)\b|\b18\+ (?:content|in)\b"
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
