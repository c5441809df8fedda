"""The themes that a run applies: those of the nights before, or new ones.

Found again only if the embeddings have another version, `count` changed, or twice as many pictures have an embedding:

    new pictures                    go to their nearest theme
    found again                     from the old themes; one that has most of its pictures still keeps its name
    `names_from` changed, or had no labels until now    the same themes get names
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import numpy as np

from classifiers.fitted import Backbone
from classifiers.themes import ThemesOptions
from classifiers.themes.classifier import ThemesClassifier
from classifiers.themes.model_folder import ThemesDescription, ThemesModel, read_themes, write_themes
from tasks.classify.themes.fitting import MIN_PICTURES, MIN_THEMES, count_themes, fit_themes
from tasks.classify.themes.naming import find_words, name_themes
from tasks.groups import Numbers
from warehouse.disk_space import detect_full_disk, require_free_space
from warehouse.embeddings.themes import (
    count_words,
    labels_of,
    read_choice,
    recorded_embedding_version,
)
from warehouse.embeddings.vectors import EmbeddingBatch, count_embeddings
from warehouse.home import Home
from warehouse.records.runs import StageResult

logger = logging.getLogger(__name__)

MAX_PICTURES = 20_000
"""Themes are found in so many embeddings: 100 MB with 1,280 numbers each. Of 20 themes each has 1,000 of them."""
GROWTH = 2
"""Themes are found again when there are so many times more embeddings."""


def load_themes(home: Home, name: str, options: ThemesOptions) -> ThemesClassifier | StageResult:
    """The classifier, with themes that are found or named now if they have to be; without themes the lane's result.

    Raises `ClassifierUnavailable` if the stored themes are damaged.
    """
    folder = home.themes / name
    model = read_themes(folder)
    version = recorded_embedding_version(home.lake, options.backbone)
    pictures = count_embeddings(home.lake, options.backbone, version) if version else 0
    changed = None
    if version and _is_outdated(model, options, version, pictures):
        changed = _find(home, name, options, Backbone(classifier=options.backbone, version=version), model)
    if model is not None and changed is None:
        changed = _rename(home, options, model)
    if changed is not None:
        require_free_space(home.folder)
        with detect_full_disk(home.folder):
            write_themes(folder, changed)
        logger.info("%s: %s", name, _describe(changed))
    model = changed or model
    return (
        _too_few(name, options, pictures)
        if model is None
        else ThemesClassifier(name, model, options.min_score)
    )


def describe_themes(home: Home, name: str, options: ThemesOptions) -> str:
    """What is stored of the themes, or what the next run does. Raises `ClassifierUnavailable` if they are damaged."""
    if (model := read_themes(home.themes / name)) is not None:
        return f"{_describe(model)}; {ThemesClassifier(name, model, options.min_score).version}"
    return f"the next run finds themes in the embeddings of {options.backbone}"


def _describe(model: ThemesModel) -> str:
    one = model.description
    return f"{len(one.names)} themes, found in {one.pictures:,} embeddings of {one.backbone.classifier}"


def _too_few(name: str, options: ThemesOptions, pictures: int) -> StageResult:
    backbone = options.backbone
    if not pictures:
        return StageResult(
            "incomplete",
            message=f"{backbone} has stored no embeddings yet, so {name} has no themes. Run again after the lane"
            f" {backbone} is complete.",
        )
    needed = MIN_PICTURES * MIN_THEMES
    return StageResult(
        "done",
        message=f"{pictures:,} different pictures have an embedding of {backbone}, and {name} finds themes from {needed}"
        " on. A later run does.",
    )


def _is_outdated(model: ThemesModel | None, options: ThemesOptions, version: str, pictures: int) -> bool:
    if model is None:
        return True
    one = model.description
    return (
        (one.backbone.classifier, one.backbone.version) != (options.backbone, version)
        or one.count != options.count
        or pictures >= GROWTH * one.pictures
    )


def _find(
    home: Home, name: str, options: ThemesOptions, backbone: Backbone, old: ThemesModel | None
) -> ThemesModel | None:
    """New themes, from the old ones; None if there are too few pictures."""
    choice = read_choice(home.lake, backbone.classifier, backbone.version, MAX_PICTURES)
    different = len({vector.tobytes() for vector in choice.vectors})
    themes = count_themes(different, options.count)
    if not themes:
        return None
    logger.info("%s: looking for %d themes in %d embeddings", name, themes, len(choice.hashes))
    before = None if old is None else _old_numbers(home, name, options, backbone, old, choice)
    fit = fit_themes(choice.vectors, themes, before)
    names_stay = old is not None and old.description.is_named and _names_from(old) == options.names_from
    kept = {new: old.description.names[one] for new, one in fit.kept.items()} if old and names_stay else {}
    names, is_named = _name(home, options, choice.hashes, fit.numbers, kept)
    description = ThemesDescription(
        names=tuple(names),
        is_named=is_named,
        names_from=options.names_from,
        backbone=backbone,
        count=options.count,
        pictures=count_embeddings(home.lake, backbone.classifier, backbone.version),
        found_at=datetime.now(UTC).replace(microsecond=0),
    )
    return ThemesModel(description, fit.centre, fit.centroids)


def _names_from(model: ThemesModel) -> str:
    return model.description.names_from


def _old_numbers(
    home: Home,
    name: str,
    options: ThemesOptions,
    backbone: Backbone,
    old: ThemesModel,
    choice: EmbeddingBatch,
) -> Numbers | None:
    """The old theme of each picture, or -1: the nearest one, or for other embeddings that of the stored label."""
    if old.description.backbone == backbone:
        return old.assign(choice.vectors)[0]
    version = ThemesClassifier(name, old, options.min_score).version
    found = labels_of(home.lake, name, version, choice.hashes)
    numbers = {one: number for number, one in enumerate(old.description.names)}
    before = np.array([numbers.get(found.get(sha256, ""), -1) for sha256 in choice.hashes], np.intp)
    return before if (before >= 0).any() else None


def _rename(home: Home, options: ThemesOptions, model: ThemesModel) -> ThemesModel | None:
    """The same themes with names by labels that they did not have until now; None if their names stay."""
    one = model.description
    if one.is_named and one.names_from == options.names_from:
        return None
    choice = read_choice(home.lake, one.backbone.classifier, one.backbone.version, MAX_PICTURES)
    if not choice.hashes:
        return None
    numbers = model.assign(choice.vectors)[0]
    names, is_named = _name(home, options, choice.hashes, numbers, {}, len(one.names))
    if not is_named:
        return None
    changes = {"names": tuple(names), "is_named": True, "names_from": options.names_from}
    return ThemesModel(one.model_copy(update=changes), model.centre, model.centroids)


def _name(
    home: Home,
    options: ThemesOptions,
    hashes: list[str],
    numbers: Numbers,
    kept: dict[int, str],
    themes: int = 0,
) -> tuple[list[str], bool]:
    """The names of the themes, and whether labels gave one of them."""
    sizes = np.bincount(numbers, minlength=themes).tolist()
    uses = count_words(home.lake, options.names_from, hashes, numbers.tolist())
    return name_themes(uses, sizes, kept), bool(kept) or any(find_words(uses, sizes))
