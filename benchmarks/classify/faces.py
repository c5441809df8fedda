"""What the face detectors of MediaPipe find, and what they take for a face, on photographs of known content.

    python -m benchmarks.classify.faces ../shared/photos

Needs the extras `models` and `demo`, and a folder with grace-hopper.jpg and photographs without faces. The two faces are
pasted into photographs without any, in several sizes and numbers; random crops of these count false faces.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from classifiers.faces import FacesOptions, load
from classifiers.faces.classifier import SIDE as LONGER_SIDE
from classifiers.faces.classifier import FacesClassifier
from classifiers.faces.detectors import FULL_RANGE, SHORT_RANGE, DetectorFile, load_detector
from classifiers.protocol import PreparedPicture
from flows.demo.photographs import SUBJECTS, original

BACK = DetectorFile(
    "face_detection_back.tflite",
    315_332,
    "e376cf6b168d5ece8a3cedb94acc4eb168a136aede125ccc3d903ef38f5beda8",
    side=256,
    layers=((16, 2), (32, 6)),
    min_score=0.65,
)
"""MediaPipe's `face_detection_back_desktop_live.pbtxt`."""
FACELESS_SUBJECTS = ("cat", "coffee", "flower", "rocket", "galaxies", "coins")
SHARES = (0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)
CROPS = 25
SIZE = (800, 600)

Count = Callable[[Image.Image], int]
"""The number of faces that a detector finds."""
Face = tuple[Image.Image, tuple[int, int, int, int]]
"""A photograph, and the box of its face in pixels."""


def main(folder: Path) -> None:
    """Print a row for each detector."""
    astronaut = original(next(one for one in SUBJECTS if one.name == "astronaut"))
    hopper = _open(folder / "grace-hopper.jpg")
    faces = [(astronaut, (176, 70, 279, 176)), (hopper, (168, 135, 364, 330))]
    faceless = [_open(file) for file in sorted(folder.glob("*.jpg")) if file.stem != "grace-hopper"]
    faceless += [original(one) for one in SUBJECTS if one.name in FACELESS_SUBJECTS]
    crops = [crop for number, one in enumerate(faceless) for crop in _random_crops(one, number)]
    print(
        f"| detector | false, of {len(crops)} |",
        *(f"{share:.0%} |" for share in SHARES),
        "groups right | ms |",
    )
    for name, count in _detectors().items():
        false = sum(count(crop) > 0 for crop in crops)
        found = [
            np.mean([count(one) == 1 for one in _one_face(share, faces, faceless[:6])]) for share in SHARES
        ]
        groups = np.mean([count(one) == number for number, one in _groups(faces, faceless[:6])])
        started = time.process_time()
        for crop in crops[:50]:
            count(crop)
        milliseconds = (time.process_time() - started) / 50 * 1000
        print(
            f"| {name} | {false} |",
            *(f"{share:.0%} |" for share in found),
            f"{groups:.0%} | {milliseconds:.0f} |",
        )


def _detectors() -> dict[str, Count]:
    made: dict[str, Count] = {"kind `faces`": _counter(load("faces", FacesOptions()))}
    for file in (FULL_RANGE, SHORT_RANGE, replace(SHORT_RANGE, min_score=0.5), BACK):
        name = file.name.removeprefix("face_detection_").removesuffix(".tflite")
        made[f"{name}, {file.min_score}"] = _counter(FacesClassifier(name, "", [load_detector(file)]))
    return made


def _counter(classifier: FacesClassifier) -> Count:
    def count(image: Image.Image) -> int:
        (labels,) = classifier.label([_prepare(image)])
        return sum(label.region > 0 for label in labels)

    return count


def _prepare(image: Image.Image) -> PreparedPicture:
    scale = LONGER_SIDE / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return np.asarray(image.resize(size, Image.Resampling.BILINEAR), dtype=np.uint8)


def _open(file: Path) -> Image.Image:
    with Image.open(file) as opened:
        return opened.convert("RGB")


def _random_crops(image: Image.Image, seed: int) -> Iterator[Image.Image]:
    rng = random.Random(seed)
    for _ in range(CROPS):
        width = image.width * rng.uniform(0.3, 1)
        height = min(width / rng.choice((1, 1, 0.8, 1.5)), image.height)
        left, top = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
        yield image.crop((int(left), int(top), int(left + width), int(top + height)))


def _one_face(share: float, faces: Sequence[Face], behind: Sequence[Image.Image]) -> Iterator[Image.Image]:
    """Pictures with one face that is `share` of the longer side: pasted, or from 0.5 on a crop around it."""
    for number, background in enumerate(behind):
        for photograph, box in faces:
            if share >= 0.5:
                yield _around(photograph, box, share, random.Random(number))
                continue
            head = _head(photograph, box, round(SIZE[0] * share))
            rng = random.Random(number)
            picture = background.resize(SIZE)
            picture.paste(
                head, (rng.randint(0, SIZE[0] - head.width), rng.randint(0, max(0, SIZE[1] - head.height)))
            )
            yield picture


def _around(photograph: Image.Image, box: Sequence[int], share: float, rng: random.Random) -> Image.Image:
    side = (box[2] - box[0]) / share
    left = (box[0] + box[2] - side) / 2 + side * rng.uniform(-0.05, 0.05)
    top = (box[1] + box[3] - side) / 2 + side * rng.uniform(-0.05, 0.05)
    return photograph.crop((int(left), int(top), int(left + side), int(top + side)))


def _head(photograph: Image.Image, box: Sequence[int], width: int) -> Image.Image:
    """The face with half its width on each side, resized so that the face has that width in pixels."""
    margin = (box[2] - box[0]) // 2
    head = photograph.crop((box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin))
    scale = width / (box[2] - box[0])
    return head.resize((round(head.width * scale), round(head.height * scale)))


def _groups(faces: Sequence[Face], behind: Sequence[Image.Image]) -> Iterator[tuple[int, Image.Image]]:
    """Pictures with two to six faces of a seventh of the width, and their number."""
    for number in range(2, 7):
        for background in behind:
            picture = background.resize(SIZE)
            for place in range(number):
                head = _head(*faces[place % len(faces)], SIZE[0] // 7)
                picture.paste(head, (10 + place % 3 * 260, 10 + place // 3 * 300))
            yield number, picture


if __name__ == "__main__":
    main(Path(sys.argv[1]))
