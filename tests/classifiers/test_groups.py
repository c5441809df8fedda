"""Groups: every class of ImageNet has one, and only lists of ImageNet's classes get them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from classifiers.groups import find_groups, imagenet_classes
from classifiers.names import read_names


def test_every_class_has_a_group() -> None:
    """Each of the 1,000 classes has a group; a group has two classes or more."""
    classes = imagenet_classes()
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
def test_a_class_has_the_group_that_people_expect(name: str, group: str) -> None:
    """The group of a class is the word that people use for it."""
    assert dict(imagenet_classes())[name] == group


def test_names_with_synonyms_and_a_background_have_groups(litert_files: tuple[Path, Path]) -> None:
    """The names of a real model, with synonyms and a background, are identified by their first words."""
    names = read_names(litert_files[1])
    groups = find_groups(names)
    assert groups["tabby, tabby cat"] == groups["tiger cat"] == "cat"
    assert set(names) - set(groups) == {"background"}


def test_a_class_with_another_name_is_identified_by_its_position() -> None:
    """Names that differ from ImageNet's are identified by their positions."""
    names = [name.title() for name, _ in imagenet_classes()]
    names[281] = "grey striped cat"
    assert find_groups(names)["grey striped cat"] == "cat"


def test_a_name_of_two_classes_has_the_group_of_the_first() -> None:
    """A name that two classes share has the group of the first: a crane is a bird."""
    assert find_groups([name for name, _ in imagenet_classes()])["crane"] == "bird"


@pytest.mark.parametrize("names", [[], ["cat", "dog"], [f"thing {n}" for n in range(1000)]])
def test_names_of_other_models_have_no_groups(names: list[str]) -> None:
    """Names of other models have no groups (an orange may be a colour there), nor do ImageNet's in another order."""
    assert find_groups(names) == {}
    assert find_groups(sorted(name for name, _ in imagenet_classes())) == {}
