"""Groups of labels: plain words for ImageNet's 1,000 classes, so that a tabby and a tiger cat are a cat.

    imagenet.tsv    one class per line, in ImageNet's order: its first name and its group

To change a group, change it there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

MIN_MATCHING = 0.9
"""A list of class names counts as ImageNet's if this fraction of it matches ImageNet's classes in their order."""


def find_groups(names: Sequence[str]) -> dict[str, str]:
    """The group of each of a model's class names; empty if the names are not ImageNet's 1,000 classes.

    `names` are in the order of the model's outputs, with or without a 'background' first. Its position identifies
    a class, so a list may have other words for some. A name of two classes has the group of the first (ImageNet's
    'crane' is a bird and a machine).
    """
    classes = imagenet_classes()
    foreground = list(names[1:] if len(names) == len(classes) + 1 else names)
    if len(foreground) != len(classes):
        return {}
    matching = sum(_first_word(name) == known for name, (known, _) in zip(foreground, classes, strict=True))
    if matching < MIN_MATCHING * len(classes):
        return {}
    groups: dict[str, str] = {}
    for name, (_, group) in zip(foreground, classes, strict=True):
        groups.setdefault(name, group)
    return groups


@cache
def imagenet_classes() -> tuple[tuple[str, str], ...]:
    """The 1,000 classes in ImageNet's order: first name in lower case, and group."""
    lines = resources.files(__name__).joinpath("imagenet.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return tuple((name.lower(), group) for name, group in pairs)


def _first_word(name: str) -> str:
    """'lynx' for 'lynx, catamount'."""
    return name.partition(",")[0].strip().lower()
