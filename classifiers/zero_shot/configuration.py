"""What the JSON files of a model say: its family, and how its pictures and texts are prepared.

Fields and defaults are those of the package transformers (`CLIPConfig`, `SiglipConfig`, and their image processors
and tokenizers), whose files these are. A default that a configuration equals is not in its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from classifiers.model_json import read_model_json, unusable_file

CONFIG = "config.json"
PREPARATION = "preprocessor_config.json"
TOKENIZER = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
MIN_SIZE, MAX_SIZE = 16, 2048
"""Pixels of a picture's side."""
MAX_TOKENS = 1024

Family = Literal["clip", "siglip"]
_FAMILIES: dict[str, Family] = {"clip": "clip", "siglip": "siglip", "siglip2": "siglip"}
_TEXT_LENGTH = {"clip": 77, "siglip": 64}
_VOCABULARY = {"clip": 49_408, "siglip": 32_000}
_RESAMPLINGS = {one.value: one for one in Image.Resampling}


@dataclass(frozen=True, slots=True)
class PictureInput:
    """How a picture becomes the input of its tower; sizes in pixels.

    `shortest` is the length of the shorter side before the crop to `width` x `height`; None: no crop, the picture is
    stretched. A channel's byte x becomes x * `factor` + `offset`.
    """

    width: int
    height: int
    shortest: int | None
    resampling: Image.Resampling
    factor: tuple[float, float, float]
    offset: tuple[float, float, float]

    @property
    def version_text(self) -> str:
        """The part of the embeddings' version that follows from the preparation."""
        side = self.shortest or "stretched"
        return f"{self.width}x{self.height} {side} {self.resampling.value} {self.factor} {self.offset}"


@dataclass(frozen=True, slots=True)
class TextInput:
    """How a text becomes the input of its tower.

    `length` is in tokens. `vocabulary` is the number of tokens that the tower knows. `pad_token` may be empty.
    """

    length: int
    vocabulary: int
    pad_token: str
    lower: bool
    masks_padding: bool

    @property
    def version_text(self) -> str:
        """The part of a version that follows from the preparation."""
        return f"{self.length} {self.pad_token} {self.lower} {self.masks_padding}"


def read_family(config: Path) -> Family:
    """The family of a model by its config.json. Raises `ClassifierUnavailable` for another one."""
    given = read_model_json(config).get("model_type")
    family = _FAMILIES.get(given) if isinstance(given, str) else None
    if family is None:
        raise ClassifierUnavailable(
            f"{config} describes a model of the type {given!r}. zero_shot reads {', '.join(_FAMILIES)}. Set model to"
            " an export of one of these."
        )
    return family


def read_picture_input(file: Path, family: Family) -> PictureInput:
    """The preparation of pictures by preprocessor_config.json. Raises `ClassifierUnavailable`."""
    given = read_model_json(file)
    crops = bool(given.get("do_center_crop", family == "clip"))
    size = given.get("size", 224)
    # An image processor of CLIP reads a number as the shorter side, one of SigLIP as both.
    if isinstance(size, int):
        size = {"shortest_edge": size} if crops or family == "clip" else {"height": size, "width": size}
    if not isinstance(size, dict):
        raise unusable_file(file, f"size is {size!r}")
    shortest = _read_pixels(file, "size", size, "shortest_edge") if "shortest_edge" in size else None
    if crops:
        crop = given.get("crop_size", 224)
        crop = {"height": crop, "width": crop} if isinstance(crop, int) else crop
        width, height = (_read_pixels(file, "crop_size", crop, side) for side in ("width", "height"))
    elif shortest is not None:
        width = height = shortest  # else pictures would have different sizes
    else:
        width, height = (_read_pixels(file, "size", size, side) for side in ("width", "height"))
    if shortest is not None and max(width, height) > shortest:
        raise unusable_file(file, "crop_size is larger than size")
    number = given.get("resample", Image.Resampling.BICUBIC.value)
    resampling = _RESAMPLINGS.get(number) if isinstance(number, int) else None
    if resampling is None:
        raise unusable_file(file, f"resample is {number!r}, which no resampling of Pillow has")
    factor, offset = _read_levels(file, given)
    return PictureInput(width, height, shortest, resampling, factor, offset)


def read_text_input(config: Path, tokenizer_config: Path | None, family: Family) -> TextInput:
    """The preparation of texts by config.json and tokenizer_config.json. Raises `ClassifierUnavailable`."""
    text = read_model_json(config).get("text_config") or {}
    tokens = read_model_json(tokenizer_config) if tokenizer_config else {}
    if not isinstance(text, dict):
        raise unusable_file(config, "text_config is not an object")
    length = text.get("max_position_embeddings", _TEXT_LENGTH[family])
    limit = tokens.get("model_max_length")
    if isinstance(limit, int) and isinstance(length, int):
        length = min(length, limit)  # a huge number stands for none
    if not (isinstance(length, int) and 1 < length <= MAX_TOKENS):
        raise unusable_file(config, f"max_position_embeddings is {length!r}")
    vocabulary = text.get("vocab_size", _VOCABULARY[family])
    if not (isinstance(vocabulary, int) and vocabulary > 0):
        raise unusable_file(config, f"vocab_size is {vocabulary!r}")
    pad = tokens.get("pad_token") or ""
    pad = pad.get("content", "") if isinstance(pad, dict) else pad
    return TextInput(length, vocabulary, str(pad), family == "siglip", family == "clip")


def _read_levels(
    file: Path, given: Mapping[str, Any]
) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    rescale = given.get("rescale_factor", 1 / 255) if given.get("do_rescale", True) else 1.0
    mean: Any = [0.0] * 3
    deviation: Any = [1.0] * 3
    if given.get("do_normalize", True):
        mean, deviation = given.get("image_mean"), given.get("image_std")
    try:
        numbers = np.array([mean, deviation, [rescale] * 3], np.float64)
        is_good = numbers.shape == (3, 3) and bool(np.isfinite(numbers).all() and (numbers[1:] > 1e-6).all())
    except (TypeError, ValueError):
        is_good = False
    if not is_good:
        raise unusable_file(
            file, "image_mean, image_std and rescale_factor are not three, three and one number"
        )
    levels = tuple((numbers[2] / numbers[1]).tolist()), tuple((-numbers[0] / numbers[1]).tolist())
    return cast(tuple[tuple[float, float, float], tuple[float, float, float]], levels)


def _read_pixels(file: Path, key: str, size: Any, side: str) -> int:
    pixels = size.get(side) if isinstance(size, dict) else None
    if not isinstance(pixels, int) or not MIN_SIZE <= pixels <= MAX_SIZE:
        raise unusable_file(file, f"{key} has no {side} from {MIN_SIZE} to {MAX_SIZE} pixels")
    return pixels
