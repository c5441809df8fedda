"""Names of languages by ISO 639-1, their most frequent words, and a check for a sentence in another language.

The words are the articles, prepositions, pronouns and verbs that descriptions of pictures have; a label is never one
of them. Languages without a list have no such check, and a plain sentence in them gives labels only where words
are separated by spaces.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MIN_WORDS_OF_OTHER = 3
"""So many frequent words of another language, and twice as many as of the right one, make a sentence wrong."""
MIN_LETTERS = 8
"""Sentences with fewer letters are not checked for their script."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language's English name, the beginning of its letters' Unicode names, and its most frequent words."""

    name: str
    script: str = "LATIN"
    frequent: frozenset[str] = frozenset()


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


LANGUAGES: dict[str, Language] = {
    "en": Language(
        "English",
        frequent=_words(
            "a about above across after against all along also among an and another any are around as at background be"
            " been before behind being below beneath beside between both but by can close could day depict depicting"
            " depicts down each few for foreground from front full gaze has have having he her his holding image in"
            " inside into is it its large laying left little look looking lots lying made many middle more most near"
            " next no not of off on one onto other out outside over part photo photograph picture placed right scene"
            " several she show showing shown shows side sitting small some standing such surrounded than that the"
            " their them there these they this those three through to together top toward towards two under up upon"
            " very view was wearing were what when where which while who whose with within without"
        ),
    ),
    "de": Language(
        "German",
        frequent=_words(
            "als am an auch auf aus bei beim bild das dem den der des die diese dieser dieses durch ein eine einem"
            " einen einer eines er es foto für hat haben hinter ihr ihre im in ins ist kein keine man mehrere mit"
            " nach neben nicht oder ohne sein seine sich sie sind sitzt steht über um und unter vom von vor während"
            " wird zeigt zu zum zur zwei zwischen"
        ),
    ),
    "fr": Language(
        "French",
        frequent=_words(
            "au aux avec ce cette ces chez dans de derrière des devant deux du elle en est et être il ils image la le"
            " les leur leurs mais montre ne ou où par pas photo plusieurs pour près qui sa sans se ses son sont sous"
            " sur tout un une vers"
        ),
    ),
    "es": Language(
        "Spanish",
        frequent=_words(
            "al bajo cerca como con de del detrás dos el ella en entre es esta este están está foto hacia hay imagen la"
            " las lo los más mientras muestra muy no o para pero por que se sin sobre son su sus tiene un una unas"
            " unos varias varios y"
        ),
    ),
    "it": Language(
        "Italian",
        frequent=_words(
            "a al alla alle anche che con da dal dalla davanti degli dei del della delle di dietro due e è foto gli i"
            " il immagine in la le lo ma mentre mostra nei nel nella non o per più presso questa questo si sono sopra"
            " su sul sulla tra un una uno verso vicino"
        ),
    ),
    "pt": Language(
        "Portuguese",
        frequent=_words(
            "a à ao aos as atrás com como da das de do dos duas dois e é ela ele em entre está estão foto há imagem"
            " mais mas mostra muito na nas não no nos o os ou para pela pelo perto por que se sem sob sobre sua suas"
            " são um uma umas uns várias vários"
        ),
    ),
    "nl": Language(
        "Dutch",
        frequent=_words(
            "aan achter afbeelding al als bij boven dat de deze die dit door een en er foto geen haar heeft hebben het"
            " hij hun in is langs maar meerdere met naar naast niet of om onder op over staat te tegen toont tussen"
            " twee uit van voor wordt ze zich zijn zit zonder"
        ),
    ),
    "bg": Language("Bulgarian", "CYRILLIC"),
    "ca": Language("Catalan"),
    "cs": Language("Czech"),
    "da": Language("Danish"),
    "el": Language("Greek", "GREEK"),
    "fi": Language("Finnish"),
    "he": Language("Hebrew", "HEBREW"),
    "hi": Language("Hindi", "DEVANAGARI"),
    "hr": Language("Croatian"),
    "hu": Language("Hungarian"),
    "id": Language("Indonesian"),
    "ja": Language("Japanese", "CJK HIRAGANA KATAKANA"),
    "ko": Language("Korean", "HANGUL"),
    "nb": Language("Norwegian"),
    "pl": Language("Polish"),
    "ro": Language("Romanian"),
    "ru": Language("Russian", "CYRILLIC"),
    "sk": Language("Slovak"),
    "sv": Language("Swedish"),
    "tr": Language("Turkish"),
    "uk": Language("Ukrainian", "CYRILLIC"),
    "vi": Language("Vietnamese"),
    "zh": Language("Chinese", "CJK"),
}


def other_language(words: list[str], language: str) -> str | None:
    """The name of the language of a sentence if it is surely not `language`; None otherwise.

    `words` are its words in lower case. A different script decides; in the same script the frequent words do.
    """
    wanted = LANGUAGES[language]
    if script := _other_script("".join(words), wanted.script):
        return script
    if not wanted.frequent:
        return None
    counts = {code: sum(word in one.frequent for word in words) for code, one in LANGUAGES.items()}
    best = max(counts, key=lambda code: counts[code])
    if counts[best] >= max(MIN_WORDS_OF_OTHER, 2 * counts[language] + 1):
        return LANGUAGES[best].name
    return None


def _other_script(text: str, wanted: str) -> str | None:
    letters = [character for character in text if character.isalpha()]
    if len(letters) < MIN_LETTERS:
        return None
    scripts = wanted.split()
    fitting = sum(unicodedata.name(one, "").startswith(tuple(scripts)) for one in letters)
    return "another script" if 2 * fitting < len(letters) else None
