"""Words, groups and templates: checks with errors that name the mistake, and the prompts that follow from them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MAX_WORDS = 2000
MAX_CHARACTERS = 100
"""Of a word. Models read 64 or 77 tokens of a prompt, so more would be cut off."""
MAX_TEMPLATES = 100
MAX_TEMPLATE_CHARACTERS = 200
PLACEHOLDER = "{}"

DEFAULT_TEMPLATES = (
    "a photo of {}",
    "a picture of {}",
    "this is a photo of {}",
    "a close-up photo of {}",
    "a cropped photo of {}",
    "a bright photo of {}",
    "a dark photo of {}",
    "a blurry photo of {}",
    "a good photo of {}",
)
"""Nine of the 80 templates of Radford et al. 2021 and the one of SigLIP's authors, without an article: a word may be
a plural, or a mass as in 'latte art'."""


@dataclass(frozen=True, slots=True)
class WordList:
    """All words in the order of the settings, and the group of those that have one.

    `otherwise` is the label of a picture that none of them fits; empty: it gets none.
    """

    words: tuple[str, ...]
    group_of: Mapping[str, str]
    exclusive: bool
    otherwise: str

    @property
    def groups(self) -> dict[str, str]:
        """The plain word of each label. A word without a group has itself, in place of a group of earlier settings."""
        labels = [*self.words, *[self.otherwise] * bool(self.otherwise)]
        return {label: self.group_of.get(label, label) for label in labels}

    @property
    def version_text(self) -> str:
        """The part of a classifier's version that follows from the words. Groups count only if they compete."""
        groups = [f"{word}\t{self.group_of[word]}" for word in self.words if word in self.group_of]
        return "\n".join([*self.words, *(groups if self.exclusive else []), self.otherwise])


def collect_words(
    words: Sequence[str], groups: Mapping[str, Sequence[str]] | None, otherwise: str, *, exclusive: bool
) -> WordList:
    """The words of both settings as one list. Raises `ValueError` if there are none, too many, or one twice."""
    group_of = {word: name for name, members in (groups or {}).items() for word in members}
    listed = [*words, *(word for members in (groups or {}).values() for word in members)]
    if not listed:
        raise ValueError('there are no words; write words = ["latte art", "selfie"], or a table of groups')
    if len(listed) > MAX_WORDS:
        raise ValueError(f"there are {len(listed):,} words; at most {MAX_WORDS:,} are allowed")
    first: dict[str, str] = {}
    if otherwise.casefold() in {word.casefold() for word in listed}:
        raise ValueError(
            f"{otherwise!r} is the label of pictures that no word fits; set otherwise to another one"
        )
    for word in listed:
        if (other := first.setdefault(word.casefold(), word)) != word or listed.count(word) > 1:
            pair = f"{other!r} and {word!r} are the same word" if other != word else f"{word!r} stands twice"
            raise ValueError(
                f"{pair} (capitals and spaces do not count, and a word is in one group); remove one"
            )
    return WordList(tuple(listed), group_of, exclusive, otherwise)


def check_words(words: Iterable[str]) -> tuple[str, ...]:
    """The words without spaces around them and double spaces. Raises `ValueError` for one that can't be used."""
    return tuple(_check_word(word) for word in words)


def check_groups(groups: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Groups with checked names and words. Raises `ValueError` if one has fewer than two words."""
    checked: dict[str, tuple[str, ...]] = {}
    for name, members in groups.items():
        if len(members) < 2:
            raise ValueError(f"the group {name!r} has {len(members)} words; a group has at least two")
        checked[_check_word(name)] = check_words(members)
    if len(checked) < len(groups):
        raise ValueError("two groups have the same name; remove one")
    return checked


def check_templates(templates: Iterable[str]) -> tuple[str, ...]:
    """The templates without spaces around them. Raises `ValueError` for one that can't be used."""
    checked = tuple(_normalise(template) for template in templates)
    for template in checked:
        if template.count(PLACEHOLDER) != 1:
            raise ValueError(
                f"the template {template!r} has no place for the word; write {{}} there once, as in"
                " 'a photo of {}'"
            )
        if len(template) > MAX_TEMPLATE_CHARACTERS:
            raise ValueError(f"a template has at most {MAX_TEMPLATE_CHARACTERS} characters")
    if len(checked) > MAX_TEMPLATES:
        raise ValueError(f"there are {len(checked)} templates; at most {MAX_TEMPLATES} are allowed")
    if len(set(checked)) < len(checked):
        raise ValueError("a template stands twice; remove one")
    return checked


def write_prompts(word: str, templates: Sequence[str]) -> list[str]:
    """The texts that a model reads for a word."""
    return [template.replace(PLACEHOLDER, word) for template in templates]


def _check_word(word: str) -> str:
    text = _normalise(word)
    if not any(character.isalnum() for character in text):
        raise ValueError(f"{word!r} has no letter or digit; remove it or write a word")
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise ValueError(f"{word!r} has a control character; remove it")
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"{text[:30]!r}… has {len(text)} characters; a word has at most {MAX_CHARACTERS}")
    return text


def _normalise(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())
