"""The classifiers: their weights, packages, keys and servers, found by loading each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from classifiers.errors import ClassifierUnavailable
from classifiers.litert_copy.classifier import LitertCopy
from classifiers.registry import VECTOR_KINDS
from classifiers.themes import ThemesOptions
from flows.backbones import describe_mismatch, embedding_version
from flows.docs_pages import CLASSIFIER_PAGES, INSTALL, TROUBLE
from flows.preflight.findings import Finding
from flows.remote_lanes import remote_lane
from flows.settings import ClassifierSettings
from tasks.classify.themes.stage import describe_themes
from tasks.lane_models import open_lane_model
from tasks.tag.stage import probe_models
from warehouse.home import Home

EXTRA = "extra `models`"
"""Part of each message about a package that is not installed."""


def check_classifiers(home: Home, lanes: Sequence[ClassifierSettings]) -> Iterator[Finding]:
    """Load each classifier, those that label embeddings of others after these."""
    versions: dict[str, str | None] = {}
    for lane in sorted(lanes, key=lambda one: one.kind in VECTOR_KINDS):
        try:
            yield Finding(True, f"classifier {lane.name}: {_load(home, lane, versions)}")
        except ClassifierUnavailable as error:
            page = INSTALL if EXTRA in str(error) else CLASSIFIER_PAGES.get(lane.kind, TROUBLE)
            yield Finding(False, f"classifier {lane.name}: {error}", page)


def _load(home: Home, lane: ClassifierSettings, versions: dict[str, str | None]) -> str:
    """Load a classifier; of one on a server only check the key and the models, which costs nothing.

    `versions` has the embeddings' versions of those before it, and gets its own; a trained one must fit its backbone's.
    Raises `ClassifierUnavailable`.
    """
    versions[lane.name] = None
    if (remote := remote_lane(lane)) is not None:
        return ", ".join(probe_models(remote))
    if isinstance(lane.options, ThemesOptions):
        return describe_themes(home, lane.name, lane.options)
    classifier = open_lane_model(home, lane.kind, lane.name, lane.options)
    versions[lane.name] = embedding_version(classifier)
    if mismatch := describe_mismatch(classifier, versions):
        raise ClassifierUnavailable(mismatch)
    stored = f", embeddings {versions[lane.name]}" if versions[lane.name] else ""
    copied = ", by its LiteRT copy" if isinstance(classifier, LitertCopy) else ""
    return f"{classifier.version}{stored}{copied}"
