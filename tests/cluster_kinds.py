"""A kind of classifier for workers of a cluster: mean colours, and ways to end a worker process.

Importing the module registers the kind; a worker imports it when it unpickles the options.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.registry import KINDS


class ColourOptions(BaseModel):
    """`deadly` is the blue of a picture that ends its process; `kill_once` a file made by the one process that is killed.

    A batch takes `wait_seconds`, without work for the CPU.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    deadly: int | None = None
    kill_once: Path | None = None
    wait_seconds: float = 0.0
    batch_size: int = 4


class Colours:
    """Labels a picture with its mean colour, and stores that as its embedding."""

    def __init__(self, name: str, options: ColourOptions) -> None:
        self.name = name
        self.version = "colours-1"
        self.embedding_version: str | None = "colours-embedding-1"
        self.batch_size = options.batch_size
        self._options = options
        self._loaded_in = os.getpid()

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """The picture at 4 x 4 pixels."""
        return picture.rgb_array(4, 4)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """The labels alone."""
        return self.label_and_embed(batch)[0]

    def label_and_embed(
        self, batch: Sequence[PreparedPicture]
    ) -> tuple[list[list[Label]], NDArray[np.float16]]:
        """A label for each picture, none for a black one."""
        options = self._options
        time.sleep(options.wait_seconds)
        means = np.array([np.asarray(one).reshape(-1, 3).mean(axis=0) for one in batch])
        if options.deadly is not None and options.deadly in means[:, 2]:
            os._exit(9)
        if options.kill_once is not None and _is_first(options.kill_once):
            os.kill(os.getpid(), signal.SIGKILL)
        labels = [
            [Label(str(mean.tolist()), float(mean.mean() / 255), 1)] if any(mean) else [] for mean in means
        ]
        return labels, means.astype(np.float16)


def _is_first(file: Path) -> bool:
    try:
        file.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def load(name: str, options: ColourOptions) -> Colours:
    """Load it."""
    return Colours(name, options)


KINDS["colours"] = ColourOptions
