"""Backbones, the classifiers whose embeddings others are fitted on: which one to take, and whether it still fits."""

from __future__ import annotations

from collections.abc import Mapping

from classifiers.protocol import BackboneClassifier, Classifier, EmbeddingClassifier
from flows.embeddings import stores_embeddings
from flows.errors import SettingsError
from flows.settings import ClassifierSettings, Settings, find_classifier
from tasks.lane_models import open_lane_model
from tasks.train.embedding import BackboneModel


def load_backbone(settings: Settings, name: str | None) -> BackboneModel:
    """The named classifier, or the first one that stores embeddings, loaded.

    Raises `SettingsError` if there is none, or if it stores none; `ClassifierUnavailable` if it can't run.
    """
    lane = find_classifier(settings, name) if name else _first(settings)
    if not stores_embeddings(lane):
        raise _stores_none(lane.name)
    loaded = open_lane_model(settings.home, lane.kind, lane.name, lane.options)
    if not isinstance(loaded, EmbeddingClassifier) or loaded.embedding_version is None:
        raise _stores_none(lane.name)
    return loaded


def _first(settings: Settings) -> ClassifierSettings:
    for lane in settings.classifiers:
        if stores_embeddings(lane):
            return lane
    raise SettingsError(
        f"No classifier of {settings.file} stores embeddings. Set embeddings = true for one of the kind keras, and run"
        " `likelens run`, so that stored pictures have them."
    )


def _stores_none(name: str) -> SettingsError:
    return SettingsError(
        f"The classifier {name} stores no embeddings. Set embeddings = true for it in the settings (kind keras), or name"
        " another --backbone."
    )


def embedding_version(classifier: Classifier) -> str:
    """The version of the embeddings that a classifier stores; empty if it stores none."""
    return (classifier.embedding_version or "") if isinstance(classifier, EmbeddingClassifier) else ""


def describe_mismatch(classifier: Classifier, versions: Mapping[str, str | None]) -> str | None:
    """Why a fitted classifier can't label what its backbone stores now, and what to do; None if it can.

    `versions` has the `embedding_version` of the classifiers of the settings by name, None for one that can't be loaded.
    """
    if not isinstance(classifier, BackboneClassifier):
        return None
    name, needed = classifier.vectors_of
    if name not in versions:
        return f"its backbone {name} is not in the settings. Add it with embeddings = true, or set backbone to its new name."
    stored = versions[name]
    if stored == "":
        return f"its backbone {name} stores no embeddings. Set embeddings = true for it in the settings."
    if stored not in (None, needed):
        return (
            f"its backbone {name} has changed: it stores {stored}, and the model was fitted on {needed}."
            f" {classifier.when_backbone_changed}"
        )
    return None
