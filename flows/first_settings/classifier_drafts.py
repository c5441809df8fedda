"""The tables of the chosen classifiers, with what to do besides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import ValidationError

from classifiers.zero_shot.options import ZeroShotOptions
from flows.errors import SettingsError
from flows.first_settings.classifier_choices import ClassifierChoice
from flows.first_settings.questions import Ask, Question
from flows.first_settings.source_draft import Step
from flows.first_settings.toml_text import TomlValue

BACKBONES = {"EfficientNetLite0": "objects", "zero_shot": "words", "InceptionV3": "inception_v3"}
"""The classifiers that store embeddings, the best for themes first, with their names."""
WORDS_MODEL = "Xenova/clip-vit-base-patch32"
CAPTION_MODEL = "gemma3:4b"


@dataclass(frozen=True, slots=True)
class ClassifierDraft:
    """One `[[classifiers]]`; `notes` are comments behind keys, `to_do` are steps to print at the end."""

    name: str
    kind: str
    keys: Mapping[str, TomlValue] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)
    to_do: tuple[Step, ...] = ()

    def table(self) -> dict[str, TomlValue]:
        """The complete table."""
        return {"name": self.name, "kind": self.kind, **self.keys}


def draft_classifiers(chosen: Sequence[ClassifierChoice], ask: Ask) -> tuple[ClassifierDraft, ...]:
    """The tables of the chosen classifiers. Raises `SettingsError` for themes without a classifier to group."""
    keys = [choice.key for choice in chosen]
    backbone = next((key for key in BACKBONES if key in keys), None) if "themes" in keys else None
    if "themes" in keys and backbone is None:
        raise SettingsError(
            f"themes group what another classifier has seen: choose one of {', '.join(BACKBONES)} too. See"
            " docs/classifiers.md#themes."
        )
    return tuple(_draft(key, backbone, ask) for key in keys)


def _draft(key: str, backbone: str | None, ask: Ask) -> ClassifierDraft:
    match key:
        case "EfficientNetLite0" | "InceptionV3":
            return _draft_keras(key, is_backbone=key == backbone)
        case "zero_shot":
            return _draft_words(ask)
        case "themes":
            return ClassifierDraft(
                "themes",
                "themes",
                {"backbone": BACKBONES[backbone or ""]},
                {"backbone": "whose embeddings it groups"},
            )
        case "caption":
            return _draft_captions(ask)
        case "clarifai":
            return _draft_clarifai()
    return ClassifierDraft(key, key)


def _draft_keras(key: str, *, is_backbone: bool) -> ClassifierDraft:
    weights = (
        "its weights are installed" if key == "EfficientNetLite0" else "Keras downloads its weights once"
    )
    keys: dict[str, TomlValue] = {"application": key}
    if is_backbone:
        keys["embeddings"] = True
    return ClassifierDraft(
        BACKBONES[key],
        "keras",
        keys,
        {"application": weights, "embeddings": "for themes and `likelens similar`"},
    )


def _draft_words(ask: Ask) -> ClassifierDraft:
    text = "Which words? Write them as in a caption, separated by commas: latte art, selfie, sunset"
    words = [word.strip() for word in ask(Question("--words", text)).split(",") if word.strip()]
    try:
        ZeroShotOptions.model_validate({"model": WORDS_MODEL, "words": words})
    except ValidationError as error:
        why = "; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())
        raise SettingsError(
            f"These words can't be used: {why}. See docs/classifiers.md#your-own-words."
        ) from error
    return ClassifierDraft(
        "words",
        "zero_shot",
        {"model": WORDS_MODEL, "words": words},
        {"model": "downloaded once; or a folder with its files", "words": "add others at any time"},
    )


def _draft_captions(ask: Ask) -> ClassifierDraft:
    model = ask(Question("--caption-model", "Which model of Ollama, or of your server?", CAPTION_MODEL))
    return ClassifierDraft(
        "captions",
        "caption",
        {"base_url": "http://localhost:11434/v1", "model": model, "in_flight": 1},
        {"base_url": "Ollama on this machine", "in_flight": "pictures at the same time"},
        (
            Step(
                f"ollama pull {model}",
                "if Ollama does not have it yet: docs/captions.md#set-it-up-with-ollama",
            ),
        ),
    )


def _draft_clarifai() -> ClassifierDraft:
    return ClassifierDraft(
        "clarifai",
        "clarifai",
        {"model": "general-image-recognition", "monthly_budget": 1000},
        {"monthly_budget": "pictures; the run sends no more in a month"},
        (
            Step(
                "export CLARIFAI_PAT=…",
                "Clarifai requires a key, and costs money: docs/clarifai.md#set-it-up",
            ),
        ),
    )
