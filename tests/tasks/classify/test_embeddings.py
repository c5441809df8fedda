"""Embeddings are stored with labels, fill gaps, and give labels of new words without the picture files."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.protocol import EmbeddingClassifier, Label, PreparedPicture, VectorClassifier
from warehouse.storage.lake import Lake


def as_label(vector: NDArray[Any]) -> list[Label]:
    return [Label(f"red {int(vector[0] * 255 + 0.5)}", 1.0, 1)]


@pytest.fixture
def embedding(mean_colour: Any) -> Any:
    @dataclass
    class Embedding(mean_colour):
        """The stand-in with its means, from 0 to 1, as embeddings."""

        embedding_version: str | None = "mean-e1"

        def label_and_embed(
            self, batch: Sequence[PreparedPicture]
        ) -> tuple[list[list[Label]], NDArray[np.float16]]:
            """Both from the same pixels."""
            means = np.array([np.asarray(one).reshape(-1, 3).mean(axis=0) / 255 for one in batch])
            return self.label(batch), means.astype(np.float16)

    return Embedding


@dataclass
class Red:
    """Labels stored vectors of `mean` by their first number."""

    name: str = "red"
    version: str = "red-1"
    batch_size: int = 4
    vectors_of: tuple[str, str] = ("mean", "mean-e1")

    def label_vectors(self, vectors: NDArray[np.float16]) -> list[list[Label]]:
        """One label per vector."""
        return [as_label(vector) for vector in vectors.astype(float)]


def test_embeddings_are_stored_once_beside_the_labels(labelling: Any, embedding: Any) -> None:
    """Each picture has one vector, and a second run decodes nothing."""
    labelling.store_colours(9)
    assert isinstance(embedding(), EmbeddingClassifier)
    assert labelling.run(embedding()).items == 9
    second = embedding()
    assert (labelling.run(second).items, second.batches) == (0, [])
    rows = labelling.rows(
        "select vector, label from embeddings join labels using (sha256, classifier) where embeddings.version = 'mean-e1'"
    )
    assert len(rows) == 9
    for vector, label in rows:
        assert str([round(255 * number) for number in vector]) == label


@pytest.mark.slow
def test_switching_embeddings_on_fills_the_gap_and_labels_count_once(labelling: Any, embedding: Any) -> None:
    """Pictures with labels get their embedding; those that can't be decoded, or have no label, are not repeated."""
    labelling.store_colours(5)
    labelling.run(embedding(embedding_version=None))
    assert labelling.rows("select count(*) from embeddings") == [(0,)]
    broken = labelling.home.folder / labelling.rows("select path from pictures order by sha256")[0][0]
    broken.unlink()
    assert labelling.run(embedding()).status == "incomplete"
    labels, vectors = (
        labelling.rows(f"select count(*) from {name}")[0][0] for name in ("labels", "embeddings")
    )
    assert (labels, vectors) == (5, 4)
    changed = embedding(embedding_version="mean-e2")
    labelling.run(changed)
    assert sum(changed.batches) == 4 and labelling.rows("select count(*) from embeddings") == [(8,)]


def test_a_kill_between_embeddings_and_labels_is_repaired(
    labelling: Any, embedding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next run has all rows of an undisturbed run."""
    labelling.store_colours(6)
    with monkeypatch.context() as patch:
        patch.setattr(Lake, "append_columns", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            labelling.run(embedding())
    assert labelling.rows("select count(*) from embeddings") == [(6,)]
    assert labelling.run(embedding()).items == 6
    assert labelling.rows("select count(*) from embeddings join labels using (sha256)") == [(6,)]


def test_new_words_need_no_picture_file(labelling: Any, embedding: Any) -> None:
    """A new version of a classifier that labels vectors labels all pictures although their files are deleted."""

    class Words(embedding):
        vectors_of = ("mean", "mean-e1")

        def label_vectors(self, vectors: NDArray[np.float16]) -> list[list[Label]]:
            """Words of this version."""
            return [[Label(self.version, 1.0, 1)] for _ in vectors]

    labelling.store_colours(8)
    labelling.run(Words())
    shutil.rmtree(labelling.home.folder / "pictures")
    again = Words(version="mean-2")
    assert isinstance(again, VectorClassifier)
    assert (labelling.run(again).items, again.batches) == (8, [])
    assert labelling.rows("select label, count(*) from labels where version = 'mean-2' group by all") == [
        ("mean-2", 8)
    ]


@pytest.mark.slow
def test_a_classifier_of_vectors_alone_reports_what_has_none(labelling: Any, embedding: Any) -> None:
    """It labels what has an embedding; the message says how many have none and why."""
    labelling.store_colours(3)
    result = labelling.run(Red())
    assert (result.status, result.items) == ("incomplete", 0)
    assert result.message == (
        "3 pictures have no embedding mean-e1 of mean yet, so red can't label them. Set embeddings = true for mean in"
        " the settings, and run again."
    )
    labelling.run(embedding(embedding_version="old"))
    assert "have another version: its model or precision changed" in labelling.run(Red()).message
    labelling.run(embedding())
    labelling.store_colours(5)
    result = labelling.run(Red())
    assert (result.status, result.items) == ("incomplete", 3)
    assert result.message.startswith("2 pictures have no embedding mean-e1 of mean yet")
    assert result.message.endswith("Run again after the lane mean is complete.")
    labelling.run(embedding())
    result = labelling.run(Red())
    assert (result.status, result.items, result.message) == ("done", 2, "")
    assert labelling.rows("select count(*) from labels where classifier = 'red'") == [(5,)]


def test_what_the_backbone_cannot_decode_is_unlabelled(
    labelling: Any, embedding: Any, tmp_path: Any, damaged_inside: bytes
) -> None:
    """The picture gets the reason of the backbone, and the lane is done."""
    (tmp_path / "a.png").write_bytes(damaged_inside)
    labelling.store(tmp_path / "a.png")
    labelling.run(embedding())
    assert labelling.run(Red()).status == "done"
    assert labelling.rows("select classifier, reason from unlabelled order by 1") == [
        ("mean", "unreadable"),
        ("red", "unreadable"),
    ]


def test_an_error_of_label_vectors_is_reported(labelling: Any, embedding: Any) -> None:
    """Vectors of another length, for example, are an error of the lane and no crash."""
    labelling.store_colours(3)
    labelling.run(embedding())

    class Broken(Red):
        def label_vectors(self, vectors: NDArray[np.float16]) -> list[list[Label]]:
            """Fail as NumPy does."""
            raise ValueError("matmul: 3 is different from 4")

    with pytest.raises(ClassifierUnavailable, match="red can't label pictures"):
        labelling.run(Broken())
