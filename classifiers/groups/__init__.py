"""Groups of labels: plain words for ImageNet's 1,000 classes, so that a tabby and a tiger cat are a cat.

    imagenet.tsv    a class a line, in ImageNet's own order: its first name, and the word for it and its like

To change a group, change its word there.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

MOST = 0.9
"""A list of class names is ImageNet's where so much of it is in the order of ImageNet's classes."""


def groups_of(names: Sequence[str]) -> dict[str, str]:
    """The word for each of a model's class names; none where the names are not ImageNet's 1,000 classes.

    `names` are in the order of the model's outputs, with or without a 'background' before them. So a name
    is known by its place too, whatever it is called there. A name that two classes share has the word of
    the first (ImageNet's 'crane' is a bird and a machine).
    """
    classes = imagenet()
    named = list(names[1:] if len(names) == len(classes) + 1 else names)
    if len(named) != len(classes):
        return {}
    alike = sum(_first(name) == known for name, (known, _) in zip(named, classes, strict=True))
    if alike < MOST * len(classes):
        return {}
    groups: dict[str, str] = {}
    for name, (_, group) in zip(named, classes, strict=True):
        groups.setdefault(name, group)
    return groups


@cache
def imagenet() -> tuple[tuple[str, str], ...]:
    """The 1,000 classes in ImageNet's order: first name in lower case, and group."""
    lines = resources.files(__name__).joinpath("imagenet.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t") for line in lines)
    return tuple((name.lower(), group) for name, group in pairs)


def _first(name: str) -> str:
    """'lynx, catamount' is known as 'lynx'."""
    return name.partition(",")[0].strip().lower()
