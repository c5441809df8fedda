"""Themes: planted clusters are found, named, and stay the same from night to night."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.protocol import BackboneClassifier, Label
from classifiers.themes import ThemesOptions
from classifiers.themes.classifier import ThemesClassifier
from classifiers.themes.model_folder import DESCRIPTION, read_themes
from tasks.classify.stage import label_pictures
from tasks.classify.themes import stage
from tasks.classify.themes.fitting import fit_themes
from tasks.classify.themes.naming import name_themes
from tasks.groups import match_groups
from tasks.labels import LabelledPicture, append_labels
from warehouse.embeddings.themes import WordUse, record_embedding_version
from warehouse.embeddings.vectors import append_embeddings
from warehouse.home import Home
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import LabelGroup, Picture

WORDS = ("tabby", "beach", "espresso", "rocket", "daisy", "coin")
DIMENSIONS = 32
SHARED = 2.0
"""What all pictures have in common, as features after a ReLU do."""
NOISE = 0.12
OPTIONS = ThemesOptions(backbone="objects", names_from="objects")


def planted(themes: np.ndarray, seed: int) -> np.ndarray:
    """A vector for each picture of these themes."""
    centres = np.random.default_rng(1).normal(size=(len(WORDS), DIMENSIONS))
    noise = np.random.default_rng(seed).normal(size=(len(themes), DIMENSIONS))
    return (SHARED + centres[themes] + 3 * NOISE * noise).astype(np.float16)


@dataclass
class Gallery:
    """A home folder whose pictures are of planted themes; `truth` has the theme of each by hash."""

    home: Home
    version: str = "net-e1"
    truth: dict[str, int] = field(default_factory=dict)

    def add(self, per_theme: int, themes: int = 4, *, labelled: bool = True) -> None:
        """Store new pictures with embeddings and labels, as a night of the backbone does."""
        numbers = np.repeat(np.arange(themes), per_theme)
        before = len(self.truth)
        # The first letters are no order of the themes.
        hashes = [f"{(7919 * (before + one)) % 65521:04x}{before + one:060x}" for one in range(len(numbers))]
        now = datetime(2026, 1, 1, tzinfo=UTC)
        self.home.lake.append(
            [
                Picture(
                    sha256=one,
                    bytes=9,
                    width=4,
                    height=4,
                    format="png",
                    path=f"pictures/{one}",
                    fetched_at=now,
                )
                for one in hashes
            ]
        )
        self.truth |= dict(zip(hashes, numbers.tolist(), strict=True))
        self.embed(hashes, planted(numbers, before))
        if labelled:
            self.label(hashes)

    def embed(self, hashes: list[str], vectors: np.ndarray) -> None:
        """Store embeddings in the current version, as a run of the backbone does."""
        append_embeddings(self.home.lake, "objects", self.version, hashes, vectors)
        journal = begin_run(self.home.lake, go_on=False)
        journal.start("classify", "objects", record_embedding_version(self.version))
        journal.finish("classify", "objects", StageResult("done", len(hashes), version="net-1"))

    def label(self, hashes: list[str]) -> None:
        """Give each picture the word of its theme, and one that all have."""
        now = datetime(2026, 1, 1, tzinfo=UTC)
        labelled = []
        for one in hashes:
            labels = [Label(WORDS[self.truth[one]], 0.8, 1), Label("web site", 0.15, 2)]
            labelled.append(LabelledPicture(one, "objects", "net-1", labels, now))
        append_labels(self.home.lake, labelled)
        self.home.lake.upsert([LabelGroup(classifier="objects", label="tabby", label_group="cat")])

    def night(self, options: ThemesOptions = OPTIONS) -> StageResult:
        """Find or read the themes, and label what is pending."""
        found = stage.load_themes(self.home, "themes", options)
        if isinstance(found, StageResult):
            return found
        assert isinstance(found, BackboneClassifier)
        return label_pictures(self.home, found, lambda *_: None)

    def themes(self, version: str | None) -> dict[str, str]:
        """The theme of each picture by hash."""
        rows = self.home.lake.query(
            "select sha256, label from labels where classifier = 'themes' and version = $1", [version]
        )
        return dict(rows)

    def agreement(self, themes: dict[str, str]) -> float:
        """The adjusted Rand index between labels and planted themes."""
        from sklearn.metrics import adjusted_rand_score  # seconds, which each worker would pay

        hashes = sorted(themes)
        return float(
            adjusted_rand_score([self.truth[one] for one in hashes], [themes[one] for one in hashes])
        )

    @property
    def folder(self) -> Path:
        """Where the themes are stored."""
        return self.home.themes / "themes"


@pytest.fixture
def gallery(labelling: Any) -> Gallery:
    """160 pictures of four themes."""
    made = Gallery(labelling.home)
    made.add(40)
    return made


@pytest.mark.slow
def test_planted_themes_are_found_and_named(gallery: Gallery) -> None:
    """The labels are the planted themes (adjusted Rand index 1), by their words; scores are cosines from 0 to 1."""
    result = gallery.night()
    assert (result.status, result.items) == ("done", 160)
    found = gallery.themes(result.version)
    assert gallery.agreement(found) == 1.0
    assert set(found.values()) == {"tabby", "beach", "espresso", "rocket"}
    query = "select min(score), max(score), count(*) from labels where classifier = 'themes'"
    low, high, count = gallery.home.lake.query(query)[0]
    assert 0.5 < low < high <= 1 and count == 160
    again = ThemesOptions(backbone="objects", names_from="objects", min_score=(low + high) / 2)
    assert 0 < len(gallery.themes(gallery.night(again).version)) < 160


@pytest.mark.slow
def test_a_second_night_and_a_kill_change_nothing(gallery: Gallery, monkeypatch: pytest.MonkeyPatch) -> None:
    """New pictures go to their nearest theme; a kill before the last step of writing leaves what was there."""
    first = gallery.night()
    before = {file.name: file.read_bytes() for file in gallery.folder.iterdir()}
    gallery.add(5)
    second = gallery.night()
    assert (second.version, second.items) == (first.version, 20)
    assert gallery.agreement(gallery.themes(second.version)) == 1.0
    gallery.add(50)
    with monkeypatch.context() as patch:
        patch.setattr("pathlib.Path.write_text", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            gallery.night()
    model = read_themes(gallery.folder)
    assert model is not None and (gallery.folder / DESCRIPTION).read_bytes() == before[DESCRIPTION]
    third = gallery.night()
    assert third.status == "done" and third.version != first.version
    assert sorted(file.name for file in gallery.folder.iterdir()) == [
        read_themes(gallery.folder).description.tensors,
        DESCRIPTION,
    ]


@pytest.mark.slow
def test_the_same_pictures_give_the_same_themes(gallery: Gallery) -> None:
    """Without the folder the themes are found again, with the same version."""
    first = gallery.night()
    for file in gallery.folder.iterdir():
        file.unlink()
    assert gallery.night().version == first.version


def test_themes_that_are_found_again_keep_their_names(gallery: Gallery) -> None:
    """With twice the pictures and two more themes, the four old ones have their names, and the new ones their own."""
    first = gallery.themes(gallery.night().version)
    gallery.add(40, themes=6)
    result = gallery.night()
    second = gallery.themes(result.version)
    assert result.items == 400 and gallery.agreement(second) == 1.0
    assert {one: second[one] for one in first} == first
    assert set(second.values()) == {*WORDS}


def test_themes_follow_a_backbone_that_changed(gallery: Gallery) -> None:
    """Vectors of another version and length are grouped from the stored labels, so that the names stay."""
    gallery.home.lake.upsert([LabelGroup(classifier="objects", label="beach", label_group="sea")])
    first = gallery.themes(gallery.night().version)
    model = read_themes(gallery.folder)
    gallery.version = "net-e2"
    hashes = sorted(gallery.truth)
    random = np.random.default_rng(5).normal(size=(DIMENSIONS, 20))
    vectors = planted(np.array([gallery.truth[one] for one in hashes]), 8).astype(np.float32) @ random
    gallery.embed(hashes, vectors.astype(np.float16))
    result = gallery.night()
    assert gallery.themes(result.version) == first
    again = read_themes(gallery.folder)
    assert again.centroids.shape[1] == 20 and again.description.names == model.description.names


def test_themes_get_names_when_labels_come(labelling: Any) -> None:
    """Without labels they are numbered; later they are the same themes with names."""
    gallery = Gallery(labelling.home)
    gallery.add(40, labelled=False)
    first = gallery.themes(gallery.night().version)
    assert set(first.values()) == {"theme 1", "theme 2", "theme 3", "theme 4"}
    centroids = read_themes(gallery.folder).centroids
    gallery.label(sorted(gallery.truth))
    second = gallery.themes(gallery.night().version)
    assert set(second.values()) == set(WORDS[:4])
    assert np.array_equal(read_themes(gallery.folder).centroids, centroids)
    assert gallery.agreement(second) == 1.0


def test_too_few_pictures_have_no_themes(labelling: Any) -> None:
    """Without embeddings the lane is incomplete; with few it is done, and says how many it needs."""
    gallery = Gallery(labelling.home)
    result = gallery.night()
    assert (result.status, result.version) == ("incomplete", None)
    assert result.message.startswith("objects has stored no embeddings yet")
    gallery.add(4)
    result = gallery.night()
    assert (result.status, result.message) == (
        "done",
        "16 different pictures have an embedding of objects, and themes finds themes from 20 on. A later run does.",
    )
    assert stage.describe_themes(gallery.home, "themes", OPTIONS).startswith("the next run finds themes")
    assert not gallery.folder.exists()


@pytest.mark.parametrize("damage", ["{", '{"format": 1}', "centroids"])
def test_damaged_themes_are_refused(gallery: Gallery, damage: str) -> None:
    """The message names the folder, what is wrong and what to do."""
    gallery.night()
    file = (
        next(gallery.folder.glob("*.safetensors")) if damage == "centroids" else gallery.folder / DESCRIPTION
    )
    file.write_text(damage)
    with pytest.raises(ClassifierUnavailable, match=r"are damaged .* Delete the folder"):
        stage.load_themes(gallery.home, "themes", OPTIONS)


def test_vectors_of_another_length_are_refused(gallery: Gallery) -> None:
    """They are an error that says what to do."""
    found = stage.load_themes(gallery.home, "themes", OPTIONS)
    assert isinstance(found, ThemesClassifier)
    with pytest.raises(ClassifierUnavailable, match="have 3 numbers"):
        found.label_vectors(np.ones((1, 3), np.float16))


def test_far_fewer_subjects_than_themes_are_not_divided() -> None:
    """Three subjects in 600 pictures stay three themes where twenty are allowed."""
    from sklearn.metrics import adjusted_rand_score

    truth = np.repeat([0, 1, 2], [400, 150, 50])
    fit = fit_themes(planted(truth, 3), 20)
    assert adjusted_rand_score(truth, fit.numbers) == 1.0
    assert np.bincount(fit.numbers).tolist() == [400, 150, 50]


def test_equal_embeddings_are_no_error() -> None:
    """Pictures of one colour, for example, have the same vector."""
    fit = fit_themes(np.ones((60, 4), np.float16), 3)
    assert set(fit.numbers.tolist()) == {0}


def test_a_theme_that_loses_half_of_its_pictures_is_another_one() -> None:
    """Two halves are both new; a theme with a few changes stays."""
    before = np.repeat([0, 1], [20, 20])
    divided = np.repeat([0, 2, 1], [10, 10, 20])
    assert match_groups(before, divided) == {1: 1}
    assert match_groups(before, np.repeat([1, 0], [22, 18])) == {1: 0, 0: 1}


def use(theme: int, word: str, pictures: int, weight: float) -> list[WordUse]:
    one = WordUse(theme, word, word, False, pictures, weight)
    return [one, dataclasses.replace(one, is_group=True)]


def test_names_are_distinctive_short_and_unique() -> None:
    """A common word names nothing, a group stands for its labels, equal names have numbers, control characters go."""
    breeds = [WordUse(0, word, "cat", False, 30, 10.0) for word in ("tabby", "lynx")]
    uses = [
        *breeds,
        WordUse(0, "cat", "cat", True, 30, 20.0),
        *use(1, "cup\n\x1b[31m" + "x" * 90, 30, 20.0),
        *use(2, "rare", 2, 2.0),
        *(one for theme in (0, 1, 3) for one in use(theme, "web site", 30, 9.0)),
    ]
    names = name_themes(uses, [30, 30, 30, 30], {3: "cat"})
    assert names[0] == "cat 2" and names[2:] == ["theme 3", "cat"]
    assert names[1].startswith("cup [31mxxx") and len(names[1]) == 40
