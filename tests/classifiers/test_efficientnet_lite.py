"""EfficientNetLite0 names what photographs show, and its file of weights can't run code."""

from __future__ import annotations

import os
import pickle
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.applications import find_application
from classifiers.efficientnet_lite import weights as weights_of_package
from classifiers.efficientnet_lite.torch_tensors import MAGIC_NUMBER, read_tensors
from classifiers.errors import ClassifierUnavailable
from classifiers.folding import fold_batch_normalisation
from classifiers.keras import KerasClassifier, KerasOptions, load
from classifiers.pictures import PictureFile
from classifiers.protocol import EmbeddingClassifier
from flows.demo.photographs import SUBJECTS, original

PHOTOS = Path(__file__).resolve().parents[2].parent / "shared" / "photos"
MAX_DIFFERENCE = 0.05
"""Between a score in bfloat16 and in float32, as docs/classifiers.md states."""

OPTIONS = KerasOptions(application="EfficientNetLite0", precision="float32", top=1000)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")


@pytest.fixture(scope="module")
def classifier() -> KerasClassifier:
    """The model with the weights of its package, loaded once; a picture gets all of its labels."""
    return load("objects", OPTIONS)


@pytest.fixture(scope="module")
def built() -> Any:
    """The model as Keras has it, before it is folded."""
    return find_application("EfficientNetLite0").build_with_imagenet()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The ten photographs of the demo, as files."""
    folder = tmp_path_factory.mktemp("photos")
    for subject in SUBJECTS:
        original(subject).save(folder / f"{subject.name}.png")
    return sorted(folder.iterdir())


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOS.is_dir(), reason=f"the photographs in {PHOTOS} are not here")
def test_photographs_get_their_names(classifier: KerasClassifier) -> None:
    """The first label of a photograph is what it shows, with the score that the weights are known to give."""
    expected = {
        "hot-dog.jpg": ("hotdog", 0.95),
        "chickadee.jpg": ("chickadee", 0.85),
        "dragonfly.jpg": ("dragonfly", 0.75),
        "dog-3.jpg": ("golden retriever", 0.4),
        "daisy.jpg": ("daisy", 0.4),
        "grace-hopper.jpg": ("military uniform", 0.4),
    }
    batch = [classifier.prepare(PictureFile(PHOTOS / name)) for name in expected]
    firsts = [labels[0] for labels in classifier.label(batch)]
    assert [label.label for label in firsts] == [name for name, _ in expected.values()]
    assert all(label.score > least for label, (_, least) in zip(firsts, expected.values(), strict=True))


@pytest.mark.slow
def test_bfloat16_is_near_float32(classifier: KerasClassifier, photos: list[Path]) -> None:
    """In bfloat16 each photograph has the same first label, and each score is within the documented distance."""
    batch = [classifier.prepare(PictureFile(file)) for file in photos]
    half = load("half", OPTIONS.model_copy(update={"precision": "bfloat16"}))
    exact, rounded = classifier.label(batch), half.label(batch)
    assert exact != rounded, "bfloat16 must not be float32 under another name"
    for one, other in zip(exact, rounded, strict=True):
        assert one[0].label == other[0].label
        scores = {label.label: label.score for label in other}
        assert max(abs(label.score - scores.get(label.label, 0.0)) for label in one) < MAX_DIFFERENCE


@pytest.mark.slow
def test_embeddings_are_the_averaged_features_and_labels_stay(
    classifier: KerasClassifier, built: Any, photos: list[Path]
) -> None:
    """An embedding is the output of the model without its top; labels are those of a load without embeddings."""
    import keras

    batch = [classifier.prepare(PictureFile(file)) for file in photos]
    expected = classifier.label(batch)
    embedder = load("objects", OPTIONS.model_copy(update={"embeddings": True}))
    assert isinstance(embedder, EmbeddingClassifier) and embedder.version == classifier.version
    assert classifier.embedding_version is None and embedder.embedding_version is not None
    labels, vectors = embedder.label_and_embed(batch)
    for one, other in zip(labels, expected, strict=True):
        assert [label.label for label in one[:5]] == [label.label for label in other[:5]]
    assert vectors.shape == (len(photos), 1280) and vectors.dtype == np.float16
    features = keras.Model(built.input, built.layers[-1].input)
    pixels = find_application("EfficientNetLite0").preprocess(np.stack(batch).astype(np.float32))
    assert np.abs(vectors - keras.ops.convert_to_numpy(features(pixels))).max() < 2e-3


@pytest.mark.slow
def test_folding_changes_no_score(classifier: KerasClassifier, built: Any, photos: list[Path]) -> None:
    """All 49 normalisations, with the statistics of a real training, are folded, and scores are equal to rounding."""
    application = find_application("EfficientNetLite0")
    folded, count = fold_batch_normalisation(built)
    batch = np.stack([classifier.prepare(PictureFile(file)) for file in photos]).astype(np.float32)
    before, after = (
        np.asarray(one(application.preprocess(batch), training=False)) for one in (built, folded)
    )
    assert count == 49 and len(set(before.argmax(axis=1).tolist())) > 5
    np.testing.assert_allclose(np.log(after + 1e-9), np.log(before + 1e-9), rtol=0, atol=2e-4)


def test_its_labels_have_groups_and_its_version_says_so(classifier: KerasClassifier) -> None:
    """Class names come from our own list, so the groups of ImageNet's classes fit them."""
    assert classifier.groups["tabby"] == classifier.groups["tiger cat"] == "cat"
    assert classifier.version.startswith("EfficientNetLite0-") and classifier.batch_size == 16


@pytest.mark.slow
def test_without_the_package_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, one sentence says how to get the weights."""
    monkeypatch.setattr(weights_of_package, "PACKAGE", "no_such_package")
    with pytest.raises(ClassifierUnavailable, match=r"Install the extra `models`"):
        load("objects", KerasOptions(application="EfficientNetLite0"))


def test_a_changed_file_of_weights_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file with other bytes than the package's is not read."""
    monkeypatch.setattr(weights_of_package, "SHA256", "0" * 64)
    with pytest.raises(ClassifierUnavailable, match="missing or changed"):
        load("objects", KerasOptions(application="EfficientNetLite0"))


def test_a_tensor_is_read_by_its_strides(tmp_path: Path) -> None:
    """A transposed view of a storage comes out transposed, and integers stay integers."""
    file = tmp_path / "tensors.pth"
    file.write_bytes(
        torch_file(
            {"turned": ("0", 0, (3, 2), (1, 3)), "count": ("1", 0, (), ())},
            {"0": np.arange(6, dtype="<f4"), "1": np.array([7], "<i8")},
        )
    )
    tensors = read_tensors(file)
    assert tensors["turned"].tolist() == [[0, 3], [1, 4], [2, 5]] and tensors["count"].tolist() == 7


class Code:
    """Runs a command when it is unpickled."""

    def __reduce__(self) -> Any:
        return os.system, ("touch ran",)


def test_a_file_with_code_is_refused_and_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pickle that names a function is refused before anything is called."""
    monkeypatch.chdir(tmp_path)
    for number in range(4):
        parts: list[Any] = [MAGIC_NUMBER, 1001, {}, {}]
        parts[number] = Code()
        Path("bad.pth").write_bytes(b"".join(pickle.dumps(part, 2) for part in parts))
        with pytest.raises(ValueError, match="which is no tensor"):
            read_tensors(Path("bad.pth"))
    assert not Path("ran").exists()


@pytest.mark.parametrize(
    "view", [("0", 4, (3,), (1,)), ("0", 0, (2, 4), (4, 1)), ("0", 0, (2,), (-1,)), ("9", 0, (1,), (1,))]
)
def test_a_tensor_outside_its_storage_is_refused(view: Any, tmp_path: Path) -> None:
    """Offsets, sizes and strides that reach outside the stored values are refused."""
    file = tmp_path / "tensors.pth"
    file.write_bytes(torch_file({"x": view}, {"0": np.zeros(6, "<f4")}))
    with pytest.raises(ValueError, match=r"outside its storage|not a file of tensors"):
        read_tensors(file)


def test_a_file_that_ends_early_is_refused(tmp_path: Path) -> None:
    """However much of the file is missing, the error is a ValueError."""
    complete = torch_file({"x": ("0", 0, (6,), (1,))}, {"0": np.zeros(6, "<f4")})
    file = tmp_path / "tensors.pth"
    for length in range(len(complete)):
        file.write_bytes(complete[:length])
        with pytest.raises(ValueError, match=r"it (ends|is not|does not)"):
            read_tensors(file)


def torch_file(views: dict[str, Any], storages: dict[str, np.ndarray]) -> bytes:
    """The bytes that PyTorch wrote before 1.6 for a state dictionary."""
    kinds = {
        key: "LongStorage" if values.dtype.kind == "i" else "FloatStorage" for key, values in storages.items()
    }

    def tensor(storage: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...]) -> bytes:
        pid = _text("storage") + _name("torch", kinds.get(storage, "FloatStorage")) + _text(storage)
        pid = b"(" + pid + _text("cpu") + _int(6) + b"NtQ"
        numbers = _int(offset) + _ints(shape) + _ints(strides)
        ordered = _name("collections", "OrderedDict") + b")R"
        return _name("torch._utils", "_rebuild_tensor_v2") + b"(" + pid + numbers + b"\x89" + ordered + b"tR"

    items = b"".join(_text(name) + tensor(*view) for name, view in views.items())
    state = b"\x80\x02" + _name("collections", "OrderedDict") + b")R(" + items + b"u."
    heads = b"".join(pickle.dumps(part, 2) for part in (MAGIC_NUMBER, 1001, {"little_endian": True}))
    raw = b"".join(struct.pack("<q", values.size) + values.tobytes() for values in storages.values())
    return heads + state + pickle.dumps(list(storages), 2) + raw


def _text(text: str) -> bytes:
    return b"X" + struct.pack("<I", len(text)) + text.encode()


def _name(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def _int(number: int) -> bytes:
    return b"J" + struct.pack("<i", number)


def _ints(numbers: tuple[int, ...]) -> bytes:
    return b"(" + b"".join(map(_int, numbers)) + b"t"
