"""Precision: chosen by the hardware, told by the version, and within a stated distance of float32."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from classifiers.compiled import find_batch_size
from classifiers.keras import KerasClassifier, KerasOptions, load
from classifiers.pictures import PictureFile
from classifiers.precision import choose_precision, cpu_has_bfloat16

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
NEAR = 0.05
"""How far a score in bfloat16 may be from float32's, as docs/classifiers.md states."""


@pytest.fixture(scope="module")
def both(saved: Path) -> dict[str, KerasClassifier]:
    """The same model in both precisions."""
    return {
        one: load(
            "lane",
            KerasOptions(
                application="MobileNet",
                weights=saved / "mobilenet.weights.h5",
                labels=saved / "names.txt",
                top=1000,
                precision=one,
            ),
        )
        for one in ("float32", "bfloat16")
    }


def scores(classifier: KerasClassifier, pictures: list[Path]) -> list[dict[str, float]]:
    answers = classifier.label([classifier.prepare(PictureFile(file)) for file in pictures])
    return [{label.label: label.score for label in found} for found in answers]


def test_near_float32(both: dict[str, KerasClassifier], pictures: list[Path]) -> None:
    """In bfloat16 each picture has the same first label, and no score is farther from float32's than is told."""
    plain, half = (scores(both[one], pictures) for one in ("float32", "bfloat16"))
    assert plain != half, "bfloat16 must not be float32 under another name"
    for one, other in zip(plain, half, strict=True):
        assert next(iter(one)) == next(iter(other))
        assert max(abs(score - other.get(label, 0.0)) for label, score in one.items()) < NEAR


def test_scores_do_not_tie(both: dict[str, KerasClassifier], pictures: list[Path]) -> None:
    """The last layer is in float32: scores keep their digits, where 8 bits would make hundreds equal."""
    for found in scores(both["bfloat16"], pictures):
        assert len(set(found.values())) > 0.95 * len(found)


@pytest.mark.parametrize("one", ["float32", "bfloat16"])
def test_neighbours(one: str, both: dict[str, KerasClassifier], pictures: list[Path]) -> None:
    """In either precision a picture's labels are the same alone, among others, and in any place of a batch."""
    classifier = both[one]
    prepared = [classifier.prepare(PictureFile(file)) for file in pictures]
    alone = [classifier.label([picture])[0] for picture in prepared]
    assert classifier.label(prepared) == alone
    assert classifier.label(prepared[::-1]) == alone[::-1]
    full = (prepared * 16, alone * 16)
    batch, expected = (some[: classifier.batch_size] for some in full)
    assert classifier.label(batch) == expected


@pytest.mark.parametrize("one", ["float32", "bfloat16"])
def test_at_once(one: str, both: dict[str, KerasClassifier], pictures: list[Path]) -> None:
    """As many callers as the classifier wants get the same answers at once as one after the other."""
    classifier = both[one]
    prepared = [classifier.prepare(PictureFile(file)) for file in pictures]
    batches = [prepared[place:] + prepared[:place] for place in range(4)]
    expected = [classifier.label(batch) for batch in batches]
    with ThreadPoolExecutor(max(2, classifier.callers)) as callers:
        assert list(callers.map(classifier.label, batches)) == expected


def test_version(both: dict[str, KerasClassifier]) -> None:
    """The version tells bfloat16, and is otherwise float32's: nothing else of the machine is in it."""
    plain, half = both["float32"].version, both["bfloat16"].version
    assert half == plain.replace("MobileNet-", "MobileNet-bfloat16-")


@pytest.mark.parametrize(
    ("flags", "able"),
    [
        ("flags\t\t: fpu sse avx512f avx512_bf16 avx512_vnni", True),
        ("flags\t\t: fpu amx_bf16 amx_tile", True),
        ("Features\t: fp asimd bf16 i8mm", True),
        ("flags\t\t: fpu sse avx2 avx512f avx512_vnni", False),
        ("flags\t\t: notavx512_bf16", False),
        ("", False),
    ],
)
def test_what_the_cpu_says(flags: str, able: bool, tmp_path: Path) -> None:
    """bfloat16 is found in what Linux tells of x86 and ARM processors, whole words only."""
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{flags}\n\nprocessor\t: 1\n{flags}\n")
    assert cpu_has_bfloat16(tmp_path / "cpuinfo") is able


def test_no_cpuinfo(tmp_path: Path) -> None:
    """A system that does not tell is taken as one without."""
    assert not cpu_has_bfloat16(tmp_path / "none")


@pytest.mark.parametrize(
    ("setting", "gpu", "chosen"),
    [("auto", True, "bfloat16"), ("auto", False, "float32"), ("float32", True, "float32"),
     ("bfloat16", False, "bfloat16"), ("bfloat16", None, "bfloat16")],
)  # fmt: skip
def test_choice(setting: Any, gpu: bool | None, chosen: str) -> None:
    """A GPU is asked before the CPU, and what a person sets comes before both."""
    assert choose_precision(setting, gpu) == chosen


@pytest.mark.parametrize(("fits", "found"), [(1000, 256), (256, 256), (255, 128), (40, 32), (1, 1), (0, 1)])
def test_largest_batch(fits: int, found: int) -> None:
    """A GPU's batch is halved until the memory has room for it, and never below one picture."""

    def attempt(size: int) -> None:
        if size > fits:
            raise RuntimeError("RESOURCE_EXHAUSTED: failed to allocate memory")

    assert find_batch_size(attempt, 256) == found


def test_other_errors_are_told() -> None:
    """Only a lack of memory makes batches smaller; any other error is one."""
    with pytest.raises(ValueError, match="shape"):
        find_batch_size(lambda _: (_ for _ in ()).throw(ValueError("shape")), 256)
