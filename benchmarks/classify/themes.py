"""How well themes find the demo's subjects, and what they cost: `python -m benchmarks.classify.themes`.

The demo's pictures are crops of ten photographs, developed differently, embedded by EfficientNetLite0 (the extra
`models`). Agreement with the ten subjects is the adjusted Rand index: 1 is equal, 0 is chance.
"""

from __future__ import annotations

import io
import resource
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from classifiers.keras import KerasOptions
from classifiers.pictures import PictureFile
from classifiers.registry import load
from classifiers.themes.model_folder import centred
from flows.demo import photographs
from flows.demo.gallery import DECK
from flows.demo.photographs import SUBJECTS
from tasks.classify.themes import fitting
from tasks.classify.themes.stage import MAX_PICTURES

PICTURES = 206
DIMENSIONS = 1280
THEMES = 20
COUNTS = (10, 13, 20)
UNMERGED = 2.0
"""A cosine that no two centroids have."""


def main() -> None:
    """Print both parts."""
    vectors, truth = embed_demo()
    for cosine in (UNMERGED, fitting.SAME_COSINE):
        fitting.SAME_COSINE = cosine
        name = "not merged" if cosine == UNMERGED else f"merged from {cosine}"
        for count in COUNTS:
            fit = fitting.fit_themes(vectors, count)
            index = adjusted_rand_score(truth, fit.numbers)
            print(
                f"{len(truth)} pictures, count {count}, {name}: {len(fit.centroids)} themes, index {index:.3f}"
            )
    describe_growth(vectors, truth)
    measure_cost()


def embed_demo() -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of the demo's photographs in other crops, and the numbers of their subjects."""
    options = KerasOptions(application="EfficientNetLite0", embeddings=True)
    classifier = load("keras", "objects", options)
    random = np.random.default_rng(7)
    names = [name for name, share in DECK.items() for _ in range(share)]
    truth = [list(DECK).index(random.choice(names)) for _ in range(PICTURES)]
    subjects = {subject.name: subject for subject in SUBJECTS}
    prepared = []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "one.jpg"
        for number in truth:
            data = photographs.vary(subjects[list(DECK)[number]], int(random.integers(2**32)))
            file.write_bytes(io.BytesIO(data).getvalue())
            prepared.append(classifier.prepare(PictureFile(file)))
    size = classifier.batch_size
    batches = [prepared[start : start + size] for start in range(0, len(prepared), size)]
    vectors = np.concatenate([classifier.label_and_embed(batch)[1] for batch in batches])  # type: ignore[attr-defined]
    return vectors, np.array(truth)


def describe_growth(vectors: np.ndarray, truth: np.ndarray) -> None:
    """Themes of less than half of the pictures, and those that are found again with all."""
    few = vectors[: PICTURES * 2 // 5]
    first = fitting.fit_themes(few, fitting.count_themes(len(few), THEMES))
    before = (centred(vectors, first.centre) @ first.centroids.T).argmax(axis=1)
    again = fitting.fit_themes(vectors, fitting.count_themes(len(vectors), THEMES), before)
    print(
        f"{len(few)} pictures: {len(first.centroids)} themes, index of all pictures {adjusted_rand_score(truth, before):.3f};"
        f" found again with {len(vectors)}: {len(again.centroids)}, index {adjusted_rand_score(truth, again.numbers):.3f},"
        f" {len(again.kept)} are the same"
    )


def measure_cost() -> None:
    """Processor time and memory of the largest fit, on invented features."""
    random = np.random.default_rng(0)
    truth = random.integers(0, THEMES, MAX_PICTURES)
    centres = np.maximum(random.normal(size=(THEMES, DIMENSIONS)), 0)
    vectors = np.empty((MAX_PICTURES, DIMENSIONS), np.float16)
    for start in range(0, MAX_PICTURES, 2000):
        part = slice(start, start + 2000)
        noise = 1.5 * random.normal(size=(2000, DIMENSIONS))
        vectors[part] = np.maximum(centres[truth[part]] + noise, 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = [time.process_time()]
    fit = fitting.fit_themes(vectors, THEMES)
    seconds.append(time.process_time())
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    fitting.fit_themes(vectors, THEMES, fit.numbers)
    seconds.append(time.process_time())
    for start in range(0, MAX_PICTURES, 4096):
        (centred(vectors[start : start + 4096], fit.centre) @ fit.centroids.T).argmax(axis=1)
    seconds.append(time.process_time())
    first, again, assigned = np.diff(seconds)
    print(
        f"{MAX_PICTURES:,} embeddings of {DIMENSIONS:,} numbers: found in {first:.0f} s of processor time, again in {again:.0f} s,"
        f" {memory:.0f} MB more; nearest theme of {MAX_PICTURES / assigned:,.0f} pictures a second"
    )


if __name__ == "__main__":
    main()
