"""The kind `zero_shot`: words label pictures, vectors give the same labels, and parts that do not fit are refused."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from classifiers.errors import ClassifierUnavailable
from classifiers.pictures import PictureFile
from classifiers.protocol import EmbeddingClassifier, GroupedClassifier, VectorClassifier
from classifiers.zero_shot.background import BACKGROUND, GROUPS
from classifiers.zero_shot.calibration import BackgroundCalibration
from classifiers.zero_shot.configuration import PictureInput
from classifiers.zero_shot.encoders import Towers
from classifiers.zero_shot.options import ZeroShotOptions, load
from classifiers.zero_shot.preparation import prepare_picture
from classifiers.zero_shot.tokens import Prompts

_spec = importlib.util.spec_from_file_location("models", Path(__file__).with_name("zero_shot_models.py"))
assert _spec is not None and _spec.loader is not None
models = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(models)

COLOURS = {"red": (220, 20, 20), "green": (20, 200, 30), "blue": (10, 20, 210), "grey": (128, 128, 128)}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PictureFile]:
    """A picture of each colour."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, colour in COLOURS.items():
        Image.new("RGB", (90, 40), colour).save(folder / f"{name}.png")
    return {name: PictureFile(folder / f"{name}.png") for name in COLOURS}


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A folder with a model shaped as CLIP's."""
    return Path(models.write_model(tmp_path / "tiny"))


def label_all(classifier: Any, pictures: dict[str, PictureFile]) -> dict[str, list[str]]:
    found = classifier.label([classifier.prepare(picture) for picture in pictures.values()])
    return {name: [one.label for one in labels] for name, labels in zip(pictures, found, strict=True)}


@pytest.mark.parametrize(("family", "combined"), [("clip", False), ("clip", True), ("siglip", True)])
def test_a_picture_gets_the_word_of_its_colour(
    family: str, combined: bool, tmp_path: Path, pictures: dict[str, PictureFile]
) -> None:
    """In every layout, and whatever words there are besides; a picture of none of them is 'other'."""
    folder = models.write_model(tmp_path / "m", family, combined=combined)
    expected = {"red": ["red"], "green": ["green"], "blue": ["blue"], "grey": ["other"]}
    limit = 0.5  # the colours of the SigLIP-shaped model are not as far apart as words are
    everything = load("z", ZeroShotOptions(model=folder, words=["red", "green", "blue"], min_score=limit))
    assert label_all(everything, pictures) == expected
    for word in ("red", "green", "blue"):
        alone = label_all(load("z", ZeroShotOptions(model=folder, words=[word], min_score=limit)), pictures)
        assert alone == {name: [word] if name == word else ["other"] for name in COLOURS}


def test_an_export_for_one_picture_and_one_text_gives_the_same_scores(
    tmp_path: Path, pictures: dict[str, PictureFile]
) -> None:
    """Scale and bias come from several passes: a line through one point would be any."""
    folder, scores = models.write_model(tmp_path / "m", "siglip", combined=True), []
    for size in (None, 1):
        (folder / "onnx/model.onnx").write_bytes(models.both_towers(models.SCALE, models.BIAS, size))
        found = load("z", ZeroShotOptions(model=folder, words=["red", "green"], min_score=0.0))
        scores.append([found.label([found.prepare(one)]) for one in pictures.values()])
    assert scores[0] == scores[1]


def test_vectors_give_the_labels_of_the_pass_over_the_pictures(
    clip: Path, pictures: dict[str, PictureFile]
) -> None:
    """Labels and scores are equal to the last digit, alone or in a batch; vectors have length 1."""
    classifier = load("z", ZeroShotOptions(model=clip, words=["red", "green", "photo"], min_score=0))
    assert isinstance(classifier, EmbeddingClassifier) and isinstance(classifier, VectorClassifier)
    assert classifier.vectors_of == ("z", classifier.embedding_version)
    batch = [classifier.prepare(picture) for picture in pictures.values()]
    labels, vectors = classifier.label_and_embed(batch)
    assert vectors.dtype == np.float16 and vectors.shape == (4, 4)
    assert np.linalg.norm(vectors.astype(float), axis=1) == pytest.approx(np.ones(4), abs=1e-3)
    assert classifier.label_vectors(vectors) == labels == classifier.label(batch)
    for picture, vector, expected in zip(batch, vectors, labels, strict=True):
        alone, same = classifier.label_and_embed([picture])
        assert (same == vector).all() and alone == [expected] == classifier.label_vectors(vector[np.newaxis])


def test_versions_change_with_what_they_depend_on(clip: Path) -> None:
    """A new word, template or limit needs no new vectors; another picture tower or preparation does."""

    def versions(**options: Any) -> tuple[str, str]:
        classifier: Any = load("z", ZeroShotOptions(model=clip, **{"words": ["red"], **options}))
        return classifier.version, classifier.embedding_version

    first = versions()
    assert versions(words=[" red "], exclusive=False) == first
    for change in (
        {"words": ["red", "blue"]},
        {"templates": ["a {} picture"]},
        {"min_score": 0.3},
        {"top": 1},
        {"otherwise": ""},
        {"logit_scale": 50.0},
    ):
        version, embedding = versions(**change)
        assert embedding == first[1] and version != first[0], change
    models.write_json(clip / "preprocessor_config.json", {**models.PREPARATION["clip"], "resample": 2})
    assert versions()[1] != first[1]


def test_a_word_is_embedded_once(
    clip: Path, tmp_path: Path, pictures: dict[str, PictureFile], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next start embeds only new words, and gives the labels of a start without the file; a damaged file costs time."""
    file, embedded = tmp_path / "words/z.safetensors", []
    embed_texts = Towers.embed_texts

    def count(towers: Towers, prompts: Prompts) -> Any:
        embedded.append(len(prompts))
        return embed_texts(towers, prompts)

    def labels(words: list[str], texts_file: Path | None) -> Any:
        embedded.clear()
        found = load("z", ZeroShotOptions(model=clip, words=words, min_score=0.0), texts_file)
        return found.label([found.prepare(one) for one in pictures.values()])

    monkeypatch.setattr(Towers, "embed_texts", count)
    expected = labels(["red", "blue"], None)
    everything = sum(embedded)
    assert labels(["red", "blue"], file) == expected and sum(embedded) == everything
    assert labels(["red", "blue"], file) == expected
    trials = sum(embedded)
    assert trials <= 3 < everything
    assert labels(["red", "green", "blue"], file) == labels(["red", "green", "blue"], None)
    labels(["red", "yellow"], file)
    assert trials < sum(embedded) < everything
    file.write_bytes(b"damaged")
    assert labels(["red", "blue"], file) == expected and sum(embedded) == everything
    assert labels(["red", "blue"], file) == expected and sum(embedded) == trials


def test_words_of_an_exclusive_group_compete(clip: Path, pictures: dict[str, PictureFile]) -> None:
    """A picture gets at most one word of a group; the group's name is the words' plain word for `--group`."""
    groups = {"warm": ["red", "photo"], "cold": ["green", "blue"]}
    classifier = load("z", ZeroShotOptions(model=clip, words=["house"], groups=groups, min_score=0.3))
    assert label_all(classifier, pictures) == {
        "red": ["red"], "green": ["green"], "blue": ["blue"], "grey": ["other"],
    }  # fmt: skip
    assert isinstance(classifier, GroupedClassifier)
    assert classifier.groups == {
        "house": "house", "red": "warm", "photo": "warm", "green": "cold", "blue": "cold", "other": "other",
    }  # fmt: skip
    together = load("z", ZeroShotOptions(model=clip, groups=groups, exclusive=False))
    assert label_all(together, pictures)["blue"] == ["blue"]


def test_scores_of_a_word_do_not_depend_on_the_other_words() -> None:
    """A word's score is high if it fits better than the background, also beside a background prompt that fits too."""
    rng = np.random.default_rng(5)
    axes = np.linalg.qr(rng.normal(size=(256, 256)))[0]
    background, word, other = axes[: len(BACKGROUND)], axes[200], axes[201]
    calibrated = BackgroundCalibration(100.0, background)
    unrelated = 0.2 * background.sum(axis=0)
    shows_word = unrelated + 0.28 * word
    shows_two = unrelated + 0.28 * word + 0.08 * background[7]
    scores = calibrated.scores(np.stack([shows_word, shows_two, unrelated]), np.stack([word, other]))
    assert scores[0, 0] > 0.95 and scores[2, 0] < 0.01 and (scores[:, 1] < 0.01).all()
    assert scores[1, 0] > 0.95 * (GROUPS - 1) / GROUPS
    alone = calibrated.scores(np.stack([shows_word]), np.stack([word]))
    assert alone[0, 0] == pytest.approx(scores[0, 0])


def test_the_crop_is_that_of_the_models_own_code(photographs: Path, tmp_path: Path) -> None:
    """Resizing a part gives the pixels of a resize and a crop; a picture of one pixel's height takes no memory."""
    spec = PictureInput(224, 224, 224, Image.Resampling.BICUBIC, (1.0,) * 3, (0.0,) * 3)
    image = Image.open(photographs / "daisy.jpg").convert("RGB")
    image = image.crop((0, 0, image.width, image.height * 2 // 3))
    image.save(tmp_path / "wide.png")
    scale = 224 / min(image.size)
    size = tuple(224 if side == min(image.size) else int(side * scale) for side in image.size)
    resized = image.resize(size, Image.Resampling.BICUBIC)
    left, top = ((side - 224) // 2 for side in size)
    expected = np.asarray(resized.crop((left, top, left + 224, top + 224)), np.int16)
    found = prepare_picture(PictureFile(tmp_path / "wide.png"), spec).astype(np.int16)
    assert np.abs(found - expected).max() <= 2 and np.abs(found - expected).mean() < 0.05
    Image.new("RGB", (60_000, 1), COLOURS["red"]).save(tmp_path / "line.png")
    assert prepare_picture(PictureFile(tmp_path / "line.png"), spec).shape == (224, 224, 3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "there are no words"),
        ({"words": ["beach", "beach"]}, "'beach' stands twice"),
        ({"words": ["Beach", "beach "]}, "'Beach' and 'beach' are the same word"),
        ({"words": ["beach"], "groups": {"place": ["city", "Beach"]}}, "are the same word"),
        ({"words": ["beach", " "]}, "' ' has no letter or digit"),
        ({"words": ["x" * 101]}, "at most 100"),
        ({"words": ["Other"]}, "set otherwise to another one"),
        ({"groups": {"place": ["city"]}}, "at least two"),
        ({"words": ["a"], "templates": ["a photo"]}, "has no place for the word; write {} there once"),
        ({"words": ["a"], "templates": ["{} {}"]}, "write {} there once"),
    ],
)
def test_words_that_can_not_be_used_are_refused(options: dict[str, Any], message: str) -> None:
    """The settings refuse them with what to do, before a model is loaded."""
    with pytest.raises(ValidationError) as refused:
        ZeroShotOptions(model=Path("m"), **options)
    assert message in str(refused.value)


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def change(name: str, **values: Any) -> Callable[[Path], None]:
    def changed(folder: Path) -> None:
        file = folder / name
        models.write_json(file, {**json.loads(file.read_text("utf-8")), **values})

    return changed


def other_tower(folder: Path) -> None:
    (folder / "onnx/vision_model.onnx").write_bytes(models.picture_tower(5))


def swap_towers(folder: Path) -> None:
    (folder / "onnx/vision_model.onnx").write_bytes(models.text_tower())


def other_tokenizer(folder: Path) -> None:
    words = [*models.TOKENS, *(f"w{number}" for number in range(100))]
    models.write_json(folder / "tokenizer.json", models.tokenizer(words))


def broken_model(folder: Path) -> None:
    (folder / "onnx/text_model.onnx").write_bytes(b"\x08\x08")


def separate_siglip(folder: Path) -> None:
    models.write_model(folder, "siglip")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove("tokenizer.json"), "has no tokenizer.json. A model has config.json"),
        (remove("config.json"), "has no config.json"),
        (remove("onnx/text_model.onnx"), "has no ONNX files of both towers"),
        (broken_model, "text_model.onnx"),
        (other_tower, "gives 5 numbers for a picture, and text_model.onnx 4 for a text"),
        (swap_towers, "has no input pixel_values"),
        (other_tokenizer, "belongs to another model: it has 112 tokens, and the model knows 12"),
        (lambda folder: (folder / "tokenizer.json").write_text("{}"), "is not a tokenizer"),
        (change("config.json", model_type="bert"), "a model of the type 'bert'"),
        (lambda folder: (folder / "config.json").write_text("["), "config.json can't be used"),
        (change("preprocessor_config.json", crop_size=None), "crop_size has no width"),
        (change("preprocessor_config.json", image_std=[0, 0, 0]), "image_mean, image_std"),
        (change("preprocessor_config.json", crop_size=64, size=64), "takes pictures of 32 x 32 pixels"),
        (separate_siglip, "set logit_scale and logit_bias"),
    ],
)
def test_a_model_with_a_part_that_does_not_fit_is_refused(
    damage: Callable[[Path], Any], message: str, clip: Path
) -> None:
    """One sentence names the part, and one what to do."""
    damage(clip)
    with pytest.raises(ClassifierUnavailable) as refused:
        load("z", ZeroShotOptions(model=clip, words=["red"]))
    assert message in str(refused.value)
    assert len(str(refused.value)) < 700


def test_a_variant_selects_its_files(clip: Path) -> None:
    """`variant` is part of the file names; one that the model does not have is named."""
    models.write_model(clip, variant="quantized")
    assert load("z", ZeroShotOptions(model=clip, words=["red"], variant="quantized"))
    with pytest.raises(ClassifierUnavailable, match="has no ONNX files of both towers of the variant 'fp16'"):
        load("z", ZeroShotOptions(model=clip, words=["red"], variant="fp16"))


def test_a_word_without_a_token_is_refused(tmp_path: Path) -> None:
    """A text of which the tokenizer keeps nothing has no meaning for the model."""
    folder = models.write_model(tmp_path / "m")
    tokenizer = models.tokenizer()
    tokenizer["normalizer"] = {"type": "Replace", "pattern": {"Regex": "[^a-z ]"}, "content": ""}
    models.write_json(folder / "tokenizer.json", tokenizer)
    with pytest.raises(ClassifierUnavailable, match="has no token for '咖啡'"):
        load("z", ZeroShotOptions(model=folder, words=["咖啡"], templates=["{}"]))


def test_without_the_extra_one_line_says_how_to_get_it(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The package tokenizers is in the extra `models`."""
    monkeypatch.setattr("classifiers.zero_shot.loading.find_spec", lambda name: None)
    with pytest.raises(ClassifierUnavailable, match=r"pip install 'likelens\[models\]'"):
        load("z", ZeroShotOptions(model=clip, words=["red"]))
