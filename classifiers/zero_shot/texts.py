"""Embeddings of prompts, computed once: a file keeps them for the next start."""

from __future__ import annotations

import hashlib
import logging
import os
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.fitted import read_tensors
from classifiers.zero_shot.encoders import Towers
from classifiers.zero_shot.tokens import PromptEncoder

logger = logging.getLogger(__name__)

MAX_GROUPS = 20_000
"""Groups of prompts in a file; with 8 prompts of 512 numbers each a group has 16 KB. Above it, only used ones stay."""


class TextEmbedder:
    """Embeds groups of prompts with a text tower, and stores the embeddings in a `.safetensors` file.

    `version` names what decides an embedding besides the prompts: the files of the tower and its tokenizer. Without a
    `file` nothing is stored. A group is a batch of its own, so that its embeddings never depend on other words.
    """

    def __init__(self, towers: Towers, encoder: PromptEncoder, version: str, file: Path | None) -> None:
        self.towers = towers
        self.encoder = encoder
        self._version = version
        self._file = file
        self._stored = {} if file is None else _read(file)
        self._used: dict[str, NDArray[np.float32]] = {}

    def embed(self, prompts: Sequence[str]) -> NDArray[np.float32]:
        """Normalised embeddings, (prompts, dimensions). Raises `ClassifierUnavailable`."""
        key = hashlib.sha256("\0".join([self._version, *prompts]).encode()).hexdigest()
        vectors = self._stored.get(key)
        if vectors is None or len(vectors) != len(prompts):
            vectors = self.towers.embed_texts(self.encoder.encode(prompts))
        self._used[key] = vectors
        return vectors

    def store(self) -> None:
        """Write new embeddings to the file. A file that can't be written costs time at the next start only."""
        if self._file is None or self._used.keys() <= self._stored.keys():
            return
        from safetensors.numpy import save

        others = self._stored if len(self._stored) + len(self._used) <= MAX_GROUPS else {}
        temporary = self._file.with_name(f".{self._file.name}.{uuid.uuid4().hex}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(save({**others, **self._used}))
            os.replace(temporary, self._file)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            logger.warning("%s can't be written: %s. The next start computes it again.", self._file, error)


def _read(file: Path) -> dict[str, NDArray[np.float32]]:
    try:
        tensors = read_tensors(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        logger.warning("%s can't be read (%s). The embeddings of words are computed again.", file, error)
        return {}
    return {
        key: np.asarray(one, np.float32)
        for key, one in tensors.items()
        if one.ndim == 2 and one.dtype == np.float32 and np.isfinite(np.asarray(one, np.float32)).all()
    }
