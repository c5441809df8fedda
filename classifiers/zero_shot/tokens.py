"""Prompts to token numbers, by the model's tokenizer.json and the package tokenizers (Rust; nothing in the file runs)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.errors import ClassifierUnavailable
from classifiers.tokenizer_file import find_pad_token, open_tokenizer
from classifiers.zero_shot.configuration import TextInput


@dataclass(frozen=True, slots=True)
class Prompts:
    """Texts as token numbers and their mask (1: a token, 0: padding): int64, both of shape (texts, length)."""

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]

    def __getitem__(self, part: slice) -> Prompts:
        return Prompts(self.ids[part], self.mask[part])

    def __len__(self) -> int:
        return len(self.ids)

    def trim(self) -> Prompts:
        """The same without the columns that are padding in all texts."""
        length = int(self.mask.sum(axis=1).max(initial=1))
        return Prompts(self.ids[:, :length], self.mask[:, :length])


class PromptEncoder:
    """A tokenizer that cuts and fills each text to the model's number of tokens."""

    def __init__(self, tokenizer: Any, spec: TextInput) -> None:
        self._tokenizer = tokenizer
        self._spec = spec

    def encode(self, texts: Sequence[str]) -> Prompts:
        """The texts as token numbers. Raises `ClassifierUnavailable` for one without a token of its own."""
        given = [text.lower() for text in texts] if self._spec.lower else list(texts)
        encoded = self._tokenizer.encode_batch(given)
        ids = np.array([one.ids for one in encoded], np.int64)
        mask = np.array([one.attention_mask for one in encoded], np.int64)
        special = np.array([one.special_tokens_mask for one in encoded], np.int64)
        if (empty := np.flatnonzero((special == 1).all(axis=1))).size:
            raise ClassifierUnavailable(
                f"The model's tokenizer has no token for {texts[int(empty[0])]!r}. Write the word with other"
                " letters, or set model to one for its language."
            )
        return Prompts(ids, mask if self._spec.masks_padding else np.ones_like(mask))


def read_tokenizer(file: Path, content: bytes, spec: TextInput, length: int | None) -> PromptEncoder:
    """The tokenizer in a file's bytes. `length` is the number of tokens that the tower takes, if it is fixed.

    Raises `ClassifierUnavailable` if the bytes are not a tokenizer, or one of another model.
    """
    tokenizer = open_tokenizer(file, content, spec.vocabulary)
    length = length or spec.length
    pad = find_pad_token(tokenizer, spec.pad_token)
    tokenizer.enable_truncation(length)
    tokenizer.enable_padding(length=length, pad_id=tokenizer.token_to_id(pad) if pad else 0, pad_token=pad)
    return PromptEncoder(tokenizer, spec)
