"""How a sentence names the posts with a label: 'Posts that show a dog', 'Posts with high contrast'.

Only the words of ImageNet and of this project's own classifiers have a grammar of their own; all others are quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from classifiers.groups import imagenet_classes
from classifiers.themes.classifier import VERSION_PREFIX as THEMES
from classifiers.visual.naming import NAMES
from tasks.report.names import shorten

VISUAL, FACES = "visual-", "faces-"
"""The versions of the classifiers of these kinds begin so."""
MAX_LABEL_EMS = 40

_PROPERTIES = {
    **{name: f"with {name} pictures" for name in ("light", "dark", "textured", "smooth", "sharp", "soft")},
    **{name: f"with {name} colours" for name in ("warm", "cool")},
    **{f"{side} {name}": f"with {side} {name}" for side in ("high", "low") for name in ("contrast", "saturation")},
    **{name: f"in {name} format" for name in ("landscape", "portrait", "square")},
    "single dominant colour": "with a single dominant colour",
    "much background space": "with much background space",
    **{name: f"with much {name}" for name in NAMES},
}  # fmt: skip
_FACES = {
    "no face": "that show no face",
    "one face": "that show one face",
    "two faces": "that show two faces",
    "group": "that show three or more faces",
    "close-up": "that show a face close up",
    "face": "that show a face",
}
PHRASES = {VISUAL: _PROPERTIES, FACES: _FACES}
"""What stands after 'Posts' for the labels of our own classifiers, by the beginning of their version."""

_ODD = {"household": "something for the household", "medical": "something medical"}
_WITHOUT_ARTICLE = frozenset(
    [
        "binoculars",
        "brass",
        "broccoli",
        "carbonara",
        "chain_mail",
        "chocolate_sauce",
        "clothing",
        "consomme",
        "corn",
        "cosmetics",
        "dough",
        "eggnog",
        "electronics",
        "face_powder",
        "food",
        "fruit",
        "furniture",
        "guacamole",
        "hair_spray",
        "hay",
        "ice_cream",
        "kitchenware",
        "lotion",
        "mashed_potato",
        "parallel_bars",
        "rapeseed",
        "red_wine",
        "sport",
        "stationery",
        "sunglass",
        "sunglasses",
        "sunscreen",
        "swimming_trunks",
        "toilet_tissue",
        "velvet",
        "wool",
    ]
)
_ONE_SOUND = re.compile(r"(?:uni|eu|ewe|one\b)", re.IGNORECASE)
_AN = re.compile(r"(?:[aeiou]|hour)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class LabelPhrase:
    """The name of the posts with a label, in three parts, because `label` comes from strangers and may be empty."""

    before: str
    label: str = ""
    after: str = ""

    def __str__(self) -> str:
        return f"{self.before}{self.label}{self.after}"


def name_posts(label: str, version: str | None) -> LabelPhrase:
    """The name of the posts with a label; `version` is that of the classifier, which has its kind."""
    for prefix, phrases in PHRASES.items():
        if version is not None and version.startswith(prefix) and label in phrases:
            return LabelPhrase(f"Posts {phrases[label]}")
    short = shorten(label, MAX_LABEL_EMS) or "(no name)"
    if version is not None and version.startswith(THEMES):
        if re.fullmatch(r"theme \d+", label):
            return LabelPhrase("Posts of ", short)
        return LabelPhrase("Posts of the theme “", short, "”")
    if label.lower() in _nouns():
        return LabelPhrase("Posts that show ", _with_article(short))
    return LabelPhrase("Posts labelled “", short, "”")


def _with_article(noun: str) -> str:
    word = noun.lower()
    if word in _ODD:
        return _ODD[word]
    if word.replace(" ", "_") in _WITHOUT_ARTICLE:
        return noun
    return f"an {noun}" if _AN.match(word) and not _ONE_SOUND.match(word) else f"a {noun}"


@cache
def _nouns() -> frozenset[str]:
    return frozenset(name for names in imagenet_classes() for name in names)
