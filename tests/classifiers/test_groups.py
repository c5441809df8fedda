"""Groups: every class of ImageNet has a plain word, and lists of names are known as ImageNet's, or not."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from classifiers.groups import groups_of, imagenet
from classifiers.names import read_names


def test_every_class_has_a_group() -> None:
    """The 1,000 classes are all there, each with a plain word; a word stands for two classes or more."""
    classes = imagenet()
    assert len(classes) == 1000
    sizes = Counter(group for _, group in classes)
    assert all(group and group == group.lower().strip() for group in sizes)
    assert 30 <= len(sizes) <= 70
    assert min(sizes.values()) >= 2


@pytest.mark.parametrize(
    ("name", "group"),
    [("tabby", "cat"), ("egyptian cat", "cat"), ("tiger", "big cat"), ("golden retriever", "dog"), ("robin", "bird"),
     ("pizza", "food"), ("sports car", "vehicle"), ("daisy", "flower"), ("seashore", "landscape"), ("lemon", "fruit")],
)  # fmt: skip
def test_words(name: str, group: str) -> None:
    """A class is what a person would call it."""
    assert dict(imagenet())[name] == group


def test_a_real_file_of_names(litert_files: tuple[Path, Path]) -> None:
    """The names of a real model, with synonyms and a background, are known by their first words."""
    names = read_names(litert_files[1])
    groups = groups_of(names)
    assert groups["tabby, tabby cat"] == groups["tiger cat"] == "cat"
    assert set(names) - set(groups) == {"background"}


def test_other_words_in_the_same_places() -> None:
    """Names that a list writes in its own way are known by their places."""
    names = [name.title() for name, _ in imagenet()]
    names[281] = "grey striped cat"
    assert groups_of(names)["grey striped cat"] == "cat"


def test_first_of_two() -> None:
    """A name that two classes share has the group of the first: a crane is a bird."""
    assert groups_of([name for name, _ in imagenet()])["crane"] == "bird"


@pytest.mark.parametrize("names", [[], ["cat", "dog"], [f"thing {n}" for n in range(1000)]])
def test_not_imagenet(names: list[str]) -> None:
    """Names of other models get no groups, for an orange may be a colour there; nor do ImageNet's in another order."""
    assert groups_of(names) == {}
    assert groups_of(sorted(name for name, _ in imagenet())) == {}
