"""The tone of each label of a text classifier: negative, neutral and positive, or numbers of stars."""

from __future__ import annotations

import re
from collections.abc import Sequence

from classifiers.errors import ClassifierUnavailable

_WORDS = {"negative": -1, "neg": -1, "neutral": 0, "neu": 0, "positive": 1, "pos": 1}
_STARS = re.compile(r"([1-9])(?: stars?)?")
MAX_SHOWN = 8


def tones_of_labels(labels: Sequence[str], where: str) -> tuple[float, ...]:
    """The tone of each label, from -1 to 1. Raises `ClassifierUnavailable`, with `where`, for other labels.

    Of five labels 'very negative' to 'very positive' the middle ones have -0.5 and 0.5.
    """
    plain = [" ".join(re.sub(r"[_-]", " ", label).lower().split()) for label in labels]
    tones = _tones_of_words(plain) or _tones_of_stars(plain)
    if tones is None:
        shown = ", ".join(label[:40] for label in labels[:MAX_SHOWN])
        raise ClassifierUnavailable(
            f"The labels of {where} have no known tone: {shown}. Write negative, neutral and positive, or 1 star to 5"
            " stars, into id2label of its config.json if that is what they mean; else set tone_model to another model."
        )
    return tones


def _tones_of_words(labels: Sequence[str]) -> tuple[float, ...] | None:
    words = [label.removeprefix("very ") for label in labels]
    if len(set(labels)) < len(labels) or not {-1, 1} <= {_WORDS.get(word) for word in words} <= {-1, 0, 1}:
        return None
    strengths = [1.0 if label.startswith("very ") else 0.5 for label in labels]
    if 1.0 not in strengths:
        strengths = [1.0] * len(labels)
    return tuple(_WORDS[word] * strength for word, strength in zip(words, strengths, strict=True))


def _tones_of_stars(labels: Sequence[str]) -> tuple[float, ...] | None:
    matches = [_STARS.fullmatch(label) for label in labels]
    stars = [int(one[1]) for one in matches if one]
    if len(labels) < 2 or sorted(stars) != list(range(1, len(labels) + 1)):
        return None
    middle = (len(labels) + 1) / 2
    return tuple((one - middle) / (middle - 1) for one in stars)
