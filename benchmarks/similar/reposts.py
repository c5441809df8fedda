"""Which cosine means a re-post: `python -m benchmarks.similar.reposts [--photos FOLDER]`.

Photographs and their quadrants are stored again as a re-post is: re-encoded, smaller, cropped a little, brighter and
darker. Each is compared with each original, by three measures. EfficientNetLite0 embeds them (the extra `models`).
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance

from classifiers.keras import KerasOptions, load
from classifiers.protocol import PictureFile
from flows.demo.photographs import SUBJECTS, original
from warehouse.embeddings.codes import encode
from warehouse.embeddings.near_duplicates import MIN_COSINE

LONGEST_SIDE = 1080
THRESHOLDS = (0.65, 0.70, 0.75, 0.80, 0.84, 0.88, 0.90, 0.92)
PARTS = 5
"""A photograph and its quadrants."""
FORMS = 6
"""A picture and its re-posts."""
Values = NDArray[np.float32]


def main() -> None:
    """Print a row for each measure and threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--photos", type=Path, help="JPEG files that are used beside the demo's photographs")
    photos = parser.parse_args().photos
    files = [] if photos is None else sorted(photos.glob("*.jpg"))
    whole = [original(subject) for subject in SUBJECTS] + [Image.open(file).convert("RGB") for file in files]
    names, vectors = embed([part for photo in whole for part in with_quadrants(photo)])
    print(
        f"{len(whole)} photographs, {names.max() + 1} pictures with their quadrants, {len(names)} with re-posts"
    )
    own = vectors - vectors.mean(axis=1, keepdims=True)
    for measure, values in (
        ("cosine", vectors),
        ("cosine, each minus its own mean", own),
        ("cosine, minus the mean picture", vectors - vectors.mean(axis=0)),
    ):
        describe(measure, normalised(values), names)
    describe_codes(vectors, cosines(normalised(vectors)))


def with_quadrants(photo: Image.Image) -> Iterator[Image.Image]:
    """The photograph, and its four quadrants."""
    photo.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    width, height = photo.size
    yield photo
    for left in (0, width // 2):
        for top in (0, height // 2):
            yield photo.crop((left, top, left + width // 2, top + height // 2))


def alter(picture: Image.Image) -> Iterator[tuple[Image.Image, int]]:
    """The picture and its five re-posts, each with the quality of its JPEG file."""
    width, height = picture.size
    yield picture, 90
    yield picture, 50
    yield picture.resize((max(1, width * 6 // 10), max(1, height * 6 // 10))), 80
    yield picture.crop((width * 4 // 100, height * 4 // 100, width * 96 // 100, height * 96 // 100)), 80
    yield ImageEnhance.Brightness(picture).enhance(1.25), 80
    yield ImageEnhance.Brightness(picture).enhance(0.8), 80


def embed(pictures: list[Image.Image]) -> tuple[NDArray[np.int64], Values]:
    """The number of each picture, and the embeddings of its forms; the original of each comes first."""
    classifier = load("objects", KerasOptions(application="EfficientNetLite0", embeddings=True))
    names, prepared = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.jpg"
        for number, picture in enumerate(pictures):
            for form, quality in alter(picture):
                form.save(file, "JPEG", quality=quality)
                prepared.append(classifier.prepare(PictureFile(file)))
                names.append(number)
    size = classifier.batch_size
    batches = [prepared[start : start + size] for start in range(0, len(prepared), size)]
    vectors = [classifier.label_and_embed(batch)[1] for batch in batches]  # type: ignore[attr-defined]
    return np.array(names), np.concatenate(vectors).astype(np.float32)


def normalised(vectors: Values) -> Values:
    """The vectors with length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def cosines(values: Values) -> Values:
    """The cosine of each original with each re-post."""
    is_original = np.arange(len(values)) % FORMS == 0
    return values[is_original] @ values[~is_original].T


def describe(measure: str, values: Values, names: NDArray[np.int64]) -> None:
    """Recall and precision at each threshold, and what the wrong pairs are."""
    originals = names[::FORMS]
    reposts = names[np.arange(len(names)) % FORMS != 0]
    found = cosines(values)
    same = originals[:, np.newaxis] == reposts
    is_complete = same & (reposts % PARTS == 0)
    one_photo = (originals[:, np.newaxis] // PARTS == reposts // PARTS) & ~same
    for threshold in THRESHOLDS:
        close = found >= threshold
        of_one, of_two = (close & one_photo).sum(), (close & ~one_photo & ~same).sum()
        photos = np.unique(originals[(close & ~same).nonzero()[0]] // PARTS)
        print(
            f"{measure}, {threshold:.2f}: recall {(close & same).sum() / same.sum():.3f}, of photographs"
            f" {(close & is_complete).sum() / is_complete.sum():.3f}; precision {(close & same).sum() / close.sum():.3f};"
            f" wrong pairs: {of_one} of one photograph, {of_two} of two, in {len(photos)} photographs"
        )


def describe_codes(vectors: Values, found: Values) -> None:
    """In how many bits the codes of near-duplicates differ."""
    codes = encode(vectors.astype(np.float16)).view(np.uint64)
    is_original = np.arange(len(codes)) % FORMS == 0
    bits = np.stack([np.bitwise_count(one ^ codes[~is_original]).sum(axis=1) for one in codes[is_original]])
    print(f"codes differ in at most {bits[found >= MIN_COSINE].max()} bits from a cosine of {MIN_COSINE}")


if __name__ == "__main__":
    main()
