"""Whether a comment asks something: by a question mark, or by how it begins."""

from __future__ import annotations

import re

_MARKS = re.compile(r"[?？؟]|(?<=\w);(?=\s*$)")
"""The last is the Greek question mark, U+037E, which the composed form turns into a semicolon."""
_BEGINNINGS = {
    "en": ("where is", "where are", "where did", "where can", "where was", "where do", "what is", "what are", "what kind", "what settings",
           "what camera", "what lens", "what brand", "what's", "which", "who is", "who made", "how do", "how did", "how much",
           "how many", "how can", "how long", "when is", "when will", "when are", "can you", "could you", "can i", "do you",
           "did you", "is this", "is it", "is there", "is the", "are there", "are you", "are these", "does it", "does anyone",
           "anyone know", "any tips"),
    "de": ("wo ist", "wo war", "wo kann", "was ist", "was für eine kamera", "was für ein objektiv", "welche", "welcher", "welches", "wie viel", "wie lang", "wie lange",
           "wie alt", "wie weit", "wie hast", "wie macht", "weiß jemand", "wann", "kannst du", "könnt ihr", "hast du", "gibt es", "ist das"),
    "es": ("dónde", "donde está", "donde es", "qué cámara", "cuánto", "cuanto cuesta", "cómo se", "como se llama", "cuándo",
           "quién", "puedes", "cuál", "alguien sabe"),
    "pt": ("onde fica", "onde é", "qual", "alguém sabe", "quanto custa", "como faz", "quando", "quem é", "você pode"),
    "fr": ("où est", "où se", "quel est", "quelle est", "quel appareil", "quel objectif", "quelqu'un sait", "combien", "comment tu", "comment faire", "est-ce que", "c'est où",
           "quand est", "qui est", "tu peux"),
    "it": ("dove è", "dov'è", "dove si", "quanto costa", "come si", "come hai", "quando", "quale", "chi è", "puoi", "qualcuno sa",
           "che macchina", "che obiettivo"),
    "tr": ("nerede", "neresi", "ne kadar", "nasıl", "hangi", "kim bu", "fiyat"),
    "id": ("dimana", "di mana", "berapa", "kapan", "gimana", "bagaimana", "siapa", "kak berapa"),
    "ru": ("где", "сколько", "когда", "как вы", "какая камера", "какой объектив", "на какую", "на что", "кто знает", "кто это", "что это"),
}  # fmt: skip
"""Beginnings of questions that people often write without a mark."""
_ENDINGS = {
    "ja": ("ですか", "ますか", "でしょうか", "かな"),
    "zh": ("吗", "呢"),
    "ko": ("나요", "까요", "가요", "인가요"),
    "th": ("ไหม", "มั้ย"),
}


def is_question(words: str, language: str | None) -> bool:
    """Whether a text without addresses, mentions, hashtags and emoji is a question."""
    if not any(one.isalpha() for one in words):
        return False
    if _MARKS.search(words):
        return True
    start = words.lower().lstrip("¿¡ \"'")
    if any(_starts(start, one) for one in _BEGINNINGS.get(language or "", ())):
        return True
    return words.rstrip(" .!。！~").endswith(_ENDINGS.get(language or "", ("\0",)))


def _starts(text: str, beginning: str) -> bool:
    return text.startswith(beginning) and not text[len(beginning) : len(beginning) + 1].isalnum()
