"""The kind `waiting`: its model is a wait, as one on a GPU is for the CPU, so that two workers do not share cores."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict

from classifiers.pictures import PictureFile
from classifiers.protocol import Label, PreparedPicture
from classifiers.registry import KINDS

BATCH = 16


class WaitingOptions(BaseModel):
    """How long a batch takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = 0.0


class Waiting:
    """Labels a picture with its mean colour, after the wait."""

    def __init__(self, name: str, options: WaitingOptions) -> None:
        self.name = name
        self.version = "waiting-1"
        self.batch_size = BATCH
        self._seconds = options.seconds

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """The picture at 4 x 4 pixels."""
        return picture.rgb_array(4, 4)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """Five labels for each picture, as many as most classifiers give."""
        time.sleep(self._seconds)
        means = [int(np.asarray(one).mean()) for one in batch]
        return [[Label(f"{mean} {rank}", 0.5, rank) for rank in range(1, 6)] for mean in means]


def load(name: str, options: WaitingOptions) -> Waiting:
    """Load it."""
    return Waiting(name, options)


KINDS["waiting"] = WaitingOptions
