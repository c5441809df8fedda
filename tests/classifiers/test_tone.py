"""The tone of texts by a model in a folder: texts have the tone that its labels have, and what does not fit is refused."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.tone.labels import tones_of_labels
from classifiers.tone.model import ToneModel, load_tone_model
from classifiers.tone.model_folder import find_tone_model

_spec = importlib.util.spec_from_file_location("models", Path(__file__).with_name("tone_models.py"))
assert _spec is not None and _spec.loader is not None
models = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(models)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a model that knows a few German words."""
    return Path(models.write_model(tmp_path / "tone"))


def load(folder: Path) -> ToneModel:
    return load_tone_model(find_tone_model(folder))


def test_texts_have_their_tone_in_their_order_alone_and_in_batches(folder: Path) -> None:
    """A short text among long ones has the tone that it has alone; a neutral one has 0, one without a known word has none."""
    model = load(folder)
    texts = [
        "schöner abend",
        "das bild ist schlecht",
        "das bild ist das bild",
        "これは美しい 写真",
        "schöner " * 500,
    ] * 20
    tones = model.read(texts)
    assert [tones[number] and round(tones[number]) for number in range(5)] == [1, -1, 0, None, 1]
    assert tones[:5] * 20 == pytest.approx(tones)
    assert [model.read([text])[0] for text in texts[:5]] == pytest.approx(tones[:5])
    assert model.read(["", " "]) == [None, None]


@pytest.mark.parametrize(
    ("labels", "tones"),
    [
        (["negative", "neutral", "positive"], (-1, 0, 1)),
        (["NEG", "NEU", "POS"], (-1, 0, 1)),
        (["POSITIVE", "NEGATIVE"], (1, -1)),
        (["1 star", "2 stars", "3 stars", "4 stars", "5 stars"], (-1, -0.5, 0, 0.5, 1)),
        (["Very Negative", "Negative", "Neutral", "Positive", "Very_Positive"], (-1, -0.5, 0, 0.5, 1)),
    ],
)
def test_labels_have_the_tones_that_their_names_say(labels: list[str], tones: tuple[float, ...]) -> None:
    """The names that published models use, in any order and spelling."""
    assert tones_of_labels(labels, "m") == pytest.approx(tones)


@pytest.mark.parametrize(
    "labels", [["LABEL_0", "LABEL_1"], ["joy", "anger"], ["positive", "positive"], ["1", "3"]]
)
def test_labels_without_a_known_tone_are_refused(labels: list[str]) -> None:
    """Nothing is guessed: the message has the labels, and what to write."""
    with pytest.raises(ClassifierUnavailable, match=rf"{labels[0]}.*id2label of its config\.json"):
        tones_of_labels(labels, "m")


def _change_config(**values: object) -> Callable[[Path], object]:
    def change(folder: Path) -> None:
        file = folder / "config.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))

    return change


def _write(name: str, content: bytes) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda folder: (folder / "model.onnx").unlink(),
            r"no file model\.onnx.*Set tone_model in \[comments\]",
        ),
        (lambda folder: (folder / "config.json").unlink(), r"no file config\.json"),
        (_change_config(id2label=None), "id2label does not name 2 to 9 labels"),
        (_change_config(problem_type="multi_label_classification"), "a text must have one label"),
        (_change_config(vocab_size=9_000), "belongs to another model"),
        (_change_config(id2label={"0": "negative", "1": "positive"}), r"config\.json names 2 labels"),
        (_write("config.json", b"["), r"config\.json can't be used"),
        (_write("tokenizer.json", b"{}"), "is not a tokenizer"),
        (_write("model.onnx", b"not a model"), "is not an ONNX model.*tone_model"),
        (_write("model.onnx", models.towers.picture_tower()), "its inputs are pixel_values"),
    ],
)
def test_a_folder_that_does_not_fit_is_refused_with_what_to_do(
    folder: Path, change: Callable[[Path], object], words: str
) -> None:
    """A missing, damaged or different file is named in one line."""
    change(folder)
    with pytest.raises(ClassifierUnavailable, match=words) as refused:
        load(folder)
    assert "\n" not in str(refused.value)


def test_the_digest_follows_from_every_file_that_decides(folder: Path) -> None:
    """Another word of the tokenizer, label or weight gives another version; a README does not."""
    digests = [find_tone_model(folder).digest]
    (folder / "README.md").write_text("read me")
    assert find_tone_model(folder).digest == digests[0]
    for name in ("model.onnx", "tokenizer.json", "config.json", "tokenizer_config.json"):
        file = folder / name
        file.write_bytes(file.read_bytes() + b" ")
        digests.append(find_tone_model(folder).digest)
    assert len(set(digests)) == 5
    (folder / "onnx").mkdir()
    (folder / "model.onnx").rename(folder / "onnx" / "model.onnx")
    assert find_tone_model(folder).model == folder / "onnx" / "model.onnx"
