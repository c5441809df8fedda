"""Training a category: honest figures, a model that labels as it was fitted, and bad pictures in words."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from classifiers.trained import TrainedOptions, load
from tasks.classify.stage import label_pictures
from tasks.errors import BadInput
from tasks.forget import purge_old_files
from tasks.train import stage
from tasks.train.duplicates import MIN_COSINE
from tasks.train.examples import Choice, Examples, collect_examples
from tasks.train.removal import remove_deleted_pictures
from tasks.train.stage import Training, check_examples, store_training, train
from tasks.train.table import read_table
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.records.runs import StageRun
from warehouse.schema.picture_tables import Picture

WHEN = datetime(2026, 5, 1, tzinfo=UTC)
HOSTILE = '<img src=x onerror=alert(1)>\n=1+1"'


def fit(name: str, examples: Examples, backbone: Any, home: Home | None = None) -> Training:
    """Train without a progress bar."""
    check_examples(examples)
    return train(name, examples, backbone, home.lake if home else None, MIN_COSINE, lambda *_: None)


def collect(name: str, folder: Path, **choice: Any) -> Examples:
    return collect_examples(Home(folder / "home"), name, Choice(**choice))


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory, fill: Any, mosaic: type[Any]) -> Training:
    """Red scenes against others."""
    yes, no = fill(folder := tmp_path_factory.mktemp("scenes"))
    return fit("red", collect("red", folder, yes=(yes,), no=(no,)), mosaic())


@pytest.mark.slow
def test_a_category_that_can_be_seen(training: Training, tmp_path: Path) -> None:
    """Unseen pictures are told apart, and the stored model labels them with the category alone."""
    (red,) = training.quality
    assert (red.name, red.pictures, red.groups) == ("red", 30, 30)
    assert red.auc.value > 0.95 and red.auc.low > 0.8 and red.auc.high <= 1
    assert training.confusions.sum() == 70 and training.confusions.trace() > 60
    store_training(training, tmp_path / "red", training.least_sure(5), "likelens train red")
    assert sorted(file.name for file in (tmp_path / "red").iterdir()) == [
        "model.json", "model.safetensors", "pictures.csv", "review.html",
    ]  # fmt: skip
    classifier = load("red things", TrainedOptions(model=tmp_path / "red"))
    assert classifier.vectors_of == ("mosaic", "mosaic-e1")
    vectors = np.stack(
        [np.asarray(Image.open(one.file).resize((8, 8), 0)).reshape(-1) / 255 for one in training.pictures]
    )
    labels = classifier.label_vectors(vectors.astype(np.float16))
    found = ["red" if one else "no red" for one in labels]
    assert np.mean([a == one.name for a, one in zip(found, training.pictures, strict=True)]) > 0.95
    assert {label.label for one in labels for label in one} == {"red"}
    assert all(0.5 <= label.score <= 1 for one in labels for label in one)
    named = load("red", TrainedOptions(model=tmp_path / "red", other_label="other"))
    assert {label.label for one in named.label_vectors(vectors.astype(np.float16)) for label in one} == {
        "red", "other",
    }  # fmt: skip
    assert named.version != classifier.version


@pytest.mark.slow
def test_copies_are_never_on_both_sides(tmp_path: Path, backbone: Any, draw: Callable[..., Any]) -> None:
    """Scenes whose class is chance look perfect if their copies are on both sides; by scene they are a guess."""
    chance = np.random.default_rng(5)
    pictures = []
    for number in range(24):
        name = "yes" if chance.random() < 0.5 else "no"
        for copy in range(5):
            file = tmp_path / f"{number}-{copy}.jpg"
            draw(number, 0).save(file, quality=60 + 8 * copy)
            pictures.append((file, name))
    table = tmp_path / "pictures.csv"
    table.write_text("picture,class\n" + "".join(f"{file.name},{name}\n" for file, name in pictures))
    found = fit("chance", collect("chance", tmp_path, table=table), backbone)
    assert len(set(found.groups.tolist())) == 24 and found.mixed == 0
    assert not found.is_separable and found.quality[0].auc.low < 0.5
    assert found.quality[0].name == "chance"  # yes and no of a table are those of the category


@pytest.mark.slow
def test_several_classes_become_labels(tmp_path: Path, backbone: Any, draw: Callable[..., Any]) -> None:
    """A table with three classes gives each a row of figures, and the most probable one as label."""
    for number in range(45):
        image = np.roll(np.asarray(draw(number, 70)), number % 3, axis=2)
        Image.fromarray(image).save(tmp_path / f"{number}.png")
    lines = [f"{number}.png,{('red', 'green', 'blue')[number % 3]},ignored" for number in range(45)]
    (tmp_path / "t.csv").write_text("\ufeffpicture,class,note\n" + "\n".join(lines), "utf-8")
    found = fit("colour", collect("colour", tmp_path, table=tmp_path / "t.csv"), backbone)
    assert [one.name for one in found.quality] == ["blue", "green", "red"]
    assert all(one.is_separable for one in found.quality) and found.model.description.yes is None
    store_training(found, tmp_path / "colour", [], "")
    again = collect("colour", tmp_path, table=tmp_path / "colour" / "pictures.csv")
    assert [(one.sha256, one.name) for one in again.pictures] == [
        (one.sha256, one.name) for one in found.pictures
    ]


@pytest.mark.slow
def test_unreadable_files_and_copies_are_counted(
    folders: tuple[Path, Path], backbone: Any, tmp_path: Path
) -> None:
    """A text, a broken picture and a second copy are left out and counted; hidden files do not count."""
    yes, no = folders
    (yes / "notes.txt").write_text("no picture")
    (no / "broken.png").write_bytes((no / "100.png").read_bytes()[:200])
    (yes / "again.png").write_bytes((yes / "3.png").read_bytes())
    (yes / ".DS_Store").write_text("hidden")
    examples = collect("red", tmp_path, yes=(yes,), no=(no,))
    found = fit("red", examples, backbone)
    assert (examples.copies, len(found.pictures)) == (1, 70)
    assert sorted(file.name for file in found.unreadable) == ["broken.png", "notes.txt"]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("picture;class\na.png;x\n", "no column picture and no column class"),
        ("picture,class\na.png\n", "line 2: write a picture and its class"),
        ("picture,class\n", "There are no pictures"),
        ("picture,class\n0.png,x\n1.png,x\n2.png,x\n3.png,x\n", "All pictures are of the class 'x'"),
        ("picture,class\n0.png,x\n0.png,y\n", r"same picture is in two classes(.|\n)*0\.png \(x\) and .*0\.png \(y\)"),
        ("picture,class\n0.png,x\n1.png,x\n2.png,x\n100.png,y\n", r"'x' has 3 pictures \(files that can't be read: 1\); it needs 4 different ones"),
        ("picture,class\n" + "".join(f"{one}.png,{'x' * 101}\n{one}.png,{'x' * 101}\n" for one in range(4)), "All pictures"),
    ],
)  # fmt: skip
def test_a_table_that_can_not_be_used(
    table: str, message: str, folders: tuple[Path, Path], backbone: Any, tmp_path: Path
) -> None:
    """Each mistake is a sentence with what to do, before the backbone does anything."""
    (tmp_path / "yes" / "t.csv").write_text(table)
    with pytest.raises(BadInput, match=message):
        fit("x", collect("x", tmp_path, table=tmp_path / "yes" / "t.csv"), backbone)
    assert backbone.prepared == []


def test_pictures_of_one_scene_are_too_few(
    folders: tuple[Path, Path], backbone: Any, tmp_path: Path, draw: Callable[..., Any]
) -> None:
    """Twenty copies of three scenes are three different pictures, and the message says what near-duplicates are."""
    (tmp_path / "few").mkdir()
    for number in range(21):
        draw(number % 3, 70).resize((64 + number, 64)).save(tmp_path / "few" / f"{number}.jpg")
    with pytest.raises(
        BadInput, match=r"21 pictures of the class 'red' are only 3 different.*--near-duplicate"
    ):
        fit("red", collect("red", tmp_path, yes=(tmp_path / "few",), no=(folders[1],)), backbone)


@pytest.mark.slow
def test_the_page_and_the_table_survive_hostile_names(
    folders: tuple[Path, Path], backbone: Any, tmp_path: Path, draw: Callable[..., Any]
) -> None:
    """A name with markup, a line break or bytes that are no UTF-8 is text on the page, and found again by the table."""
    yes, no = folders
    draw(500, -20).save(yes / f"{HOSTILE.replace('/', '')}.png")
    draw(501, -20).save(yes / "bad.png")
    (yes / "bad.png").rename(yes / b"\xff\xfe.png".decode("utf-8", "surrogateescape"))
    examples = collect("red", tmp_path, yes=(yes,), no=(no,))
    found = fit("red", examples, backbone)
    cases = found.least_sure(60)
    assert {HOSTILE in str(case.file) for case in cases[:2]} == {True, False}
    assert cases[0].found == "no red" and cases[0].doubt > 0.5
    store_training(found, tmp_path / "red", cases, f"likelens train {HOSTILE}")
    page = (tmp_path / "red" / "review.html").read_text("utf-8")
    assert "<script" not in page and "<img src=x" not in page and "&lt;img src=x" in page
    assert page.count("data:image/webp;base64,") == 60 and "default-src &#39;none&#39;" in page
    assert {file for file, _ in read_table(tmp_path / "red" / "pictures.csv")} == {
        one.file for one in found.pictures
    }


def test_nothing_is_half_written(training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When writing fails the earlier model stays, and no other file; else it is replaced as a whole."""
    folder = tmp_path / "models" / "red"
    store_training(training, folder, [], "")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(stage, "render_review", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            store_training(training, folder, [], "")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    store_training(training, folder, [], "changed")
    assert b"changed" in (folder / "review.html").read_bytes()
    assert [file.name for file in folder.parent.iterdir()] == ["red"]


@pytest.mark.parametrize("damage", ["json", "cut", "classes", "missing", "infinite", "type"])
def test_a_damaged_model_is_refused(damage: str, training: Training, tmp_path: Path) -> None:
    """A file that is missing, cut, or does not fit makes the classifier unavailable, in words."""
    from safetensors.numpy import load_file, save_file

    folder = tmp_path / "red"
    store_training(training, folder, [], "")
    tensors = load_file(folder / "model.safetensors")
    match damage:
        case "json":
            (folder / "model.json").write_text('{"format": 2}')
        case "cut":
            (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:100])
        case "classes":
            text = json.loads((folder / "model.json").read_text())
            (folder / "model.json").write_text(json.dumps({**text, "classes": ["red", "no red", "more"]}))
        case "missing":
            (folder / "model.safetensors").unlink()
        case "infinite":
            save_file(
                {**tensors, "intercepts": np.array([0, np.inf], np.float32)}, folder / "model.safetensors"
            )
        case "type":  # one that NumPy does not have
            data = (folder / "model.safetensors").read_bytes()
            bfloat16 = data.replace(b'"F32","shape":[2]', b'"BF16","shape":[4]')
            assert len(bfloat16) == len(data) + 1
            length = int.from_bytes(data[:8], "little") + 1
            (folder / "model.safetensors").write_bytes(length.to_bytes(8, "little") + bfloat16[8:])
    with pytest.raises(ClassifierUnavailable, match=r"is damaged \(.*Train it again|Train one with"):
        load("red", TrainedOptions(model=folder))


@pytest.mark.slow
def test_stored_pictures_and_their_embeddings_are_used(
    folders: tuple[Path, Path], backbone: Any, tmp_path: Path
) -> None:
    """A label chooses stored pictures, whose embeddings are read and not computed; then the lane labels them all.

    Pictures of a changed backbone stay pending, and the message says what to do.
    """
    home = Home(tmp_path / "home")
    home.prepare()
    home.pictures.mkdir()
    rows = []
    for file in sorted(file for folder in folders for file in folder.iterdir()):
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        path = f"pictures/{sha256}.png"
        shutil.copyfile(file, home.folder / path)
        rows.append(
            Picture(sha256=sha256, bytes=9, width=64, height=64, format="png", path=path, fetched_at=WHEN)
        )
    home.lake.append(rows)
    label_pictures(home, backbone, lambda *_: None)
    ended = {
        "started_at": WHEN,
        "ended_at": WHEN,
        "status": "done",
        "items": 70,
        "failures": 0,
        "message": None,
    }
    home.lake.append([StageRun(run_id="1", stage="classify", lane="mosaic", version="mosaic-1", **ended)])
    publish(home)
    backbone.prepared.clear()
    with pytest.raises(BadInput, match="No stored picture has the label 'blue'"):
        collect_examples(home, "red", Choice(yes_labels=("blue",)))
    examples = collect_examples(home, "red", Choice(yes_labels=("mosaic:red",)))
    assert len(examples.pictures) == 70
    store_training(fit("red", examples, backbone, home), home.trained / "red", [], "")
    assert backbone.prepared == []
    remove_deleted_pictures(home)
    assert (home.trained / "red" / "review.html").exists()
    (home.folder / rows[0].path).unlink()
    purge_old_files(home)  # as after a removal that was killed before it reached the models
    assert not (home.trained / "red" / "review.html").exists()
    assert len(list(read_table(home.trained / "red" / "pictures.csv"))) == 69

    lane = load("red", TrainedOptions(model=home.trained / "red"))
    assert label_pictures(home, lane, lambda *_: None).status == "done"
    moved = TrainedOptions(model=home.trained / "red", backbone="mosaic2")
    result = label_pictures(home, load("red2", moved), lambda *_: None)
    assert result.status == "incomplete" and "Set embeddings = true for mosaic2" in result.message
    backbone.name, backbone.embedding_version = "mosaic2", "mosaic-e2"
    label_pictures(home, backbone, lambda *_: None)
    result = label_pictures(home, load("red2", moved), lambda *_: None)
    assert result.status == "incomplete" and result.failures == 0
    assert "have another version" in result.message and "likelens train red --csv" in result.message
    with home.lake.reader() as reader:
        query = "select label, count(*) from labels where classifier = 'red' group by all"
        ((label, count),) = reader.execute(query).fetchall()
    assert label == "red" and 25 < count < 45
