"""English plurals to singulars, where that is safe: 'dogs' is 'dog', and 'glasses' stays."""

from __future__ import annotations

_IRREGULAR = {
    "men": "man", "women": "woman", "children": "child", "people": "person", "feet": "foot", "teeth": "tooth",
    "mice": "mouse", "geese": "goose", "leaves": "leaf", "knives": "knife", "wolves": "wolf", "shelves": "shelf",
    "loaves": "loaf", "scarves": "scarf", "calves": "calf", "buses": "bus", "potatoes": "potato",
    "tomatoes": "tomato", "mangoes": "mango", "heroes": "hero", "volcanoes": "volcano", "cookies": "cookie",
    "movies": "movie", "selfies": "selfie", "hoodies": "hoodie", "smoothies": "smoothie", "brownies": "brownie",
    "veggies": "veggie", "zombies": "zombie", "pies": "pie", "ties": "tie", "zucchinis": "zucchini",
    "cacti": "cactus", "moustaches": "moustache", "mustaches": "mustache", "headaches": "headache",
}  # fmt: skip


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_UNCHANGED = _words(
    "always asbestos atlas barracks binoculars bus canvas chaos chess christmas clothes cosmos earphones eyeglasses gas glasses"
    " goggles headphones jeans kudos lens leggings mathematics news overalls pajamas pants paris physics pliers"
    " pyjamas rhinoceros sandals scissors series shorts sneakers species stairs sunglasses tennis texas thanks tights trousers"
    " tweezers yes"
)
"""Words that end like a plural and are not one, or that name one thing only in the plural."""
_KEPT_ENDINGS = ("ss", "us", "is", "'s", "ews")
_MIN_LENGTH = 4


def singular(phrase: str) -> str:
    """The phrase with its last word in the singular; as it is where that is not safe."""
    *before, last = phrase.split(" ")
    return " ".join([*before, _singular_word(last)])


def _singular_word(word: str) -> str:
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if word in _UNCHANGED or len(word) < _MIN_LENGTH or not word.isalpha() or not word.endswith("s"):
        return word
    if word.endswith(_KEPT_ENDINGS):
        return word
    if word.endswith("ies") and len(word) > _MIN_LENGTH:
        return word[:-3] + "y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return word[:-1]
