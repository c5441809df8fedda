"""A home folder with stored pictures, and classifiers to label them."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers import registry
from classifiers.litert import LitertOptions
from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, Label, PreparedPicture
from classifiers.visual import VisualOptions
from tasks.classify.stage import label_pictures
from tasks.fetch.store import PictureStore, RejectedPicture, read_kind
from warehouse.home import Home
from warehouse.records.runs import StageResult
from warehouse.schema.picture_tables import Picture


@dataclass
class MeanColour:
    """A classifier whose labels are a picture's mean red, green and blue."""

    batch_size: int = 4
    name: str = "mean"
    version: str = "mean-1"
    batches: list[int] = field(default_factory=list)
    stop_at: int | None = None

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """The picture at 4 x 4 pixels."""
        return picture.rgb_array(4, 4)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """One label per picture, none for a black one; the batch number `stop_at` raises an error."""
        self.batches.append(len(batch))
        if len(self.batches) == self.stop_at:
            raise RuntimeError("out of order")
        means = [np.asarray(one).reshape(-1, 3).mean(axis=0).astype(int).tolist() for one in batch]
        return [[Label(str(mean), 1.0, 1)] if any(mean) else [] for mean in means]


@dataclass(frozen=True)
class Labelling:
    """A home folder, and lanes run on it."""

    home: Home

    def store(self, file: Path) -> str:
        """Store a picture as a fetch does; returns its hash."""
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        try:
            kind = read_kind(file)
        except RejectedPicture as error:
            raise AssertionError(f"a fetch would not store {file}") from error
        store = PictureStore(self.home.picture_files)
        store.incoming.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, store.incoming / "one")
        row = Picture(
            sha256=sha256,
            bytes=file.stat().st_size,
            width=kind.width,
            height=kind.height,
            format=kind.format,
            path=store.keep(str(store.incoming / "one"), sha256, kind.ending),
            fetched_at=datetime(2024, 5, 1, tzinfo=UTC),
        )
        self.home.lake.append([row])
        return sha256

    def store_colours(self, count: int) -> None:
        """Store pictures of one colour each, all different, none black."""
        store = PictureStore(self.home.picture_files)
        store.incoming.mkdir(parents=True, exist_ok=True)
        rows = []
        for number in range(count):
            Image.new("RGB", (4, 4), (number % 256, number // 256, 9)).save(store.incoming / "one", "BMP")
            data = (store.incoming / "one").read_bytes()
            sha256 = hashlib.sha256(data).hexdigest()
            path = store.keep(str(store.incoming / "one"), sha256, "bmp")
            row = Picture(
                sha256=sha256,
                bytes=len(data),
                width=4,
                height=4,
                format="bmp",
                path=path,
                fetched_at=datetime(2024, 5, 1, tzinfo=UTC),
            )
            rows.append(row)
        self.home.lake.append(rows)

    def file_of(self, sha256: str) -> Path:
        """The path of a stored picture."""
        (row,) = self.rows(f"select path from pictures where sha256 = '{sha256}'")
        return self.home.folder / str(row[0])

    def run(self, classifier: Classifier) -> StageResult:
        """Label what is pending."""
        return label_pictures(self.home, classifier, lambda done, total: None)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query on the lake."""
        return self.home.lake.query(query)


@pytest.fixture(scope="session")
def copy_home() -> Callable[[Path, Path], Labelling]:
    """Copies a home folder to a new path."""
    return lambda source, target: Labelling(Home(shutil.copytree(source, target)))


@pytest.fixture
def labelling(copy_home: Callable[[Path, Path], Labelling], empty_home: Home, tmp_path: Path) -> Labelling:
    """A new home folder."""
    return copy_home(empty_home.folder, tmp_path / "home")


@pytest.fixture
def mean_colour() -> type[MeanColour]:
    """A small classifier for the tests."""
    return MeanColour


@pytest.fixture
def visual() -> Classifier:
    """The classifier that needs no weights."""
    return registry.load("visual", "visual", VisualOptions())


@pytest.fixture(scope="session")
def mobilenet(litert_files: tuple[Path, Path]) -> Classifier:
    """The real model, loaded once."""
    model, names = litert_files
    return registry.load("litert", "mobilenet", LitertOptions(model=model, labels=names))
