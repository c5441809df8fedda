"""A backbone that needs no weights, and pictures whose class it can see or not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture


@dataclass
class Mosaic:
    """Its embedding is the picture's colours in 8 x 8 squares."""

    name: str = "mosaic"
    version: str = "mosaic-1"
    embedding_version: str | None = "mosaic-e1"
    batch_size: int = 16
    prepared: list[Path] = field(default_factory=list)

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        self.prepared.append(picture._source)
        return picture.rgb_array(8, 8)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        return [[Label("red" if one[..., 0].mean() > 128 else "other", 1.0, 1)] for one in batch]

    def label_and_embed(
        self, batch: Sequence[PreparedPicture]
    ) -> tuple[list[list[Label]], NDArray[np.float16]]:
        return self.label(batch), np.stack([one.reshape(-1) / 255 for one in batch]).astype(np.float16)


def draw_scene(number: int, red: int) -> Image.Image:
    """A mosaic of its own for each number, with so much red more."""
    squares = np.random.default_rng(number).integers(40, 215, (8, 8, 3))
    squares[..., 0] = np.clip(squares[..., 0] + red, 0, 255)
    return Image.fromarray(squares.astype(np.uint8)).resize((64, 64), Image.Resampling.NEAREST)


def fill_folders(folder: Path) -> tuple[Path, Path]:
    """30 red scenes and 40 others, one picture each."""
    for name, red, numbers in (("yes", 70, range(30)), ("no", -20, range(100, 140))):
        (folder / name).mkdir()
        for number in numbers:
            draw_scene(number, red).save(folder / name / f"{number}.png")
    return folder / "yes", folder / "no"


@pytest.fixture
def backbone() -> Mosaic:
    return Mosaic()


@pytest.fixture(scope="session")
def mosaic() -> type[Mosaic]:
    """The class of the backbone."""
    return Mosaic


@pytest.fixture(scope="session")
def draw() -> Callable[[int, int], Image.Image]:
    """The function `draw_scene`."""
    return draw_scene


@pytest.fixture(scope="session")
def fill() -> Callable[[Path], tuple[Path, Path]]:
    """The function `fill_folders`."""
    return fill_folders


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """The folders with red scenes and others."""
    return fill_folders(tmp_path)
