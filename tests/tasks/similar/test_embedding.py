"""The embedding of a file, and what a user reads when there is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from tasks.similar.embedding import embed_file


class Broken:
    """A classifier whose library fails."""

    name = "objects"
    version = "1"
    embedding_version = "e1"
    batch_size = 1

    def prepare(self, picture: Any) -> Any:
        return np.zeros(3, np.uint8)

    def label(self, batch: Any) -> Any:
        return []

    def label_and_embed(self, batch: Any) -> Any:
        raise MemoryError("no room for a batch")


def test_an_error_of_the_library_is_one_line_with_what_to_do(tmp_path: Path) -> None:
    """A lack of memory is no traceback."""
    file = tmp_path / "a.png"
    Image.new("RGB", (8, 8)).save(file)
    with pytest.raises(
        ClassifierUnavailable, match=r"objects can't embed pictures \(MemoryError: no room.*free memory"
    ):
        embed_file(Broken(), file, "e1")
