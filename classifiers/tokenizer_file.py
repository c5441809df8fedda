"""A model's tokenizer.json, opened by the package tokenizers (Rust; nothing in the file runs)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifiers.errors import ClassifierUnavailable, in_one_line

MAX_TOKENIZER_BYTES = 100_000_000
MIN_VOCABULARY_SHARE = 0.9
MAX_EXTRA_TOKENS = 64
"""A model may know some more tokens than its tokenizer has, and a tokenizer may have some that no text uses."""
_USUAL_PADS = ("<pad>", "</s>", "<|endoftext|>", "[PAD]")


def open_tokenizer(file: Path, content: bytes, vocabulary: int) -> Any:
    """The `tokenizers.Tokenizer` in a file's bytes; the model knows `vocabulary` tokens.

    Raises `ClassifierUnavailable` if the bytes are not a tokenizer, or one of another model.
    """
    from tokenizers import Tokenizer

    if len(content) > MAX_TOKENIZER_BYTES:
        raise ClassifierUnavailable(
            f"{file} has more than {MAX_TOKENIZER_BYTES // 1_000_000} MB. Take the tokenizer.json that came with"
            " the model."
        )
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except Exception as error:  # it raises plain Exception
        raise ClassifierUnavailable(
            f"{file} is not a tokenizer ({in_one_line(error)}). Take the tokenizer.json that came with the model."
        ) from error
    size = tokenizer.get_vocab_size(with_added_tokens=True)
    if not MIN_VOCABULARY_SHARE * vocabulary <= size <= vocabulary + MAX_EXTRA_TOKENS:
        raise ClassifierUnavailable(
            f"The tokenizer {file} belongs to another model: it has {size:,} tokens, and the model knows"
            f" {vocabulary:,}. Take the tokenizer.json that came with the model."
        )
    return tokenizer


def find_pad_token(tokenizer: Any, given: str, usual: Sequence[str] = _USUAL_PADS) -> str:
    """The token that fills short texts: the given one, else that of tokenizer.json, else a usual one; '' for none."""
    own = (tokenizer.padding or {}).get("pad_token", "")
    for token in (given, own, *usual):
        if token and tokenizer.token_to_id(token) is not None:
            return str(token)
    return ""
