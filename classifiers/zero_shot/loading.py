"""From a model's files to the classifier: every part is checked by running it once."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from classifiers.errors import ClassifierUnavailable
from classifiers.zero_shot import calibration, preparation
from classifiers.zero_shot.background import BACKGROUND, TEMPLATE
from classifiers.zero_shot.calibration import BackgroundCalibration, Calibration, Matrix, SigmoidCalibration
from classifiers.zero_shot.classifier import WordScorer, ZeroShotClassifier
from classifiers.zero_shot.configuration import (
    Family,
    PictureInput,
    read_family,
    read_picture_input,
    read_text_input,
)
from classifiers.zero_shot.encoders import Encoder, Towers, find_outputs, open_encoder
from classifiers.zero_shot.model_files import ModelFiles, find_model_files, read_file
from classifiers.zero_shot.options import ZeroShotOptions
from classifiers.zero_shot.texts import TextEmbedder
from classifiers.zero_shot.tokens import PromptEncoder, read_tokenizer
from classifiers.zero_shot.words import DEFAULT_TEMPLATES, WordList, write_prompts

logger = logging.getLogger(__name__)

CLIP_SCALE = 100.0
"""CLIP's factor of the cosine. Training limits it to 100, and the published models reach that (Radford et al. 2021,
section 2.5)."""
MIN_SCORES = {"clip": 0.5, "siglip": 0.1}
"""The default of `min_score`. SigLIP's probabilities are low: those of right texts in the examples of its ONNX
exports are 0.17 to 0.48, and those of wrong ones below 0.001."""


def load_classifier(name: str, options: ZeroShotOptions, texts_file: Path | None) -> ZeroShotClassifier:
    """Load the classifier. Raises `ClassifierUnavailable` if a part of the model is missing or does not fit.

    Embeddings of words are read from `texts_file`, and new ones are added to it; None: all are computed.
    """
    for package in ("tokenizers", "huggingface_hub"):
        if find_spec(package) is None:
            raise ClassifierUnavailable(
                f"The kind zero_shot needs the package {package}, which is not installed. Install the extra `models`"
                " (`pip install 'likelens[models]'`; `make setup` does so)."
            )
    files = find_model_files(options)
    family = read_family(files.config)
    spec = read_picture_input(files.preparation, family)
    picture, text = _open_encoders(files)
    tokenizer = read_file(files.tokenizer)
    text_spec = read_text_input(files.config, files.tokenizer_config, family)
    length = text.size_of("input_ids", 1)
    encoder = read_tokenizer(files.tokenizer, tokenizer.content, text_spec, length)
    towers = _join_towers(picture, text, spec, encoder)
    listed, templates = options.list_words(), options.templates or DEFAULT_TEMPLATES
    texts_version = _digest(text.sha256, tokenizer.sha256, text_spec.version_text)
    texts = TextEmbedder(towers, encoder, texts_version, texts_file)
    chosen = _calibrate(options, files, family, texts)
    vectors = _embed_words(listed.words, templates, texts)
    texts.store()
    min_score = MIN_SCORES[family] if options.min_score is None else options.min_score
    scorer = WordScorer(
        listed.words,
        vectors,
        chosen,
        _exclusive_columns(listed),
        options.top,
        min_score,
        listed.otherwise,
    )
    embedding = _digest(picture.sha256, spec.version_text, preparation.VERSION.decode())
    labels = _digest(
        embedding,
        text.sha256,
        tokenizer.sha256,
        text_spec.version_text,
        listed.version_text,
        *templates,
        f"{options.top} {min_score} {options.logit_scale} {options.logit_bias}",
        *((calibration.VERSION, TEMPLATE, *BACKGROUND) if family == "clip" else ()),
    )
    hashes = {
        picture.file.name: picture.sha256,
        text.file.name: text.sha256,
        "tokenizer.json": tokenizer.sha256,
    }
    _log_files(name, files, hashes)
    short = f"{files.commit[:8]}-" if files.commit else ""
    version = f"{files.name}-{short}{labels}"
    return ZeroShotClassifier(name, version, f"{files.name}-{embedding}", towers, spec, scorer, listed.groups)


def _log_files(name: str, files: ModelFiles, hashes: dict[str, str]) -> None:
    commit = f" at commit {files.commit}" if files.commit else ""
    listed = ", ".join(f"{file} {sha256}" for file, sha256 in hashes.items())
    logger.info("%s: model %s%s, SHA-256 %s", name, files.where, commit, listed)


def _open_encoders(files: ModelFiles) -> tuple[Encoder, Encoder]:
    read = read_file(files.picture)
    picture = open_encoder(files.picture, read.content, read.sha256)
    if files.is_combined:
        text = picture
    else:
        read = read_file(files.text)
        text = open_encoder(files.text, read.content, read.sha256)
    for encoder, name, has in (
        (picture, "pixel_values", picture.picture_input is not None),
        (text, "input_ids", "input_ids" in text.inputs),
    ):
        if not has:
            raise ClassifierUnavailable(
                f"{encoder.file} has no input {name}; it has {', '.join(encoder.inputs)}. The files of the two towers"
                " may be swapped: take them as they came with the model."
            )
    return picture, text


def _join_towers(picture: Encoder, text: Encoder, spec: PictureInput, encoder: PromptEncoder) -> Towers:
    """Both towers, after a trial run of each. Raises `ClassifierUnavailable` if their embeddings do not fit."""
    assert picture.picture_input is not None
    size = [picture.size_of(picture.picture_input, axis) for axis in (2, 3)]
    if any(fixed not in (None, given) for fixed, given in zip(size, (spec.height, spec.width), strict=True)):
        raise ClassifierUnavailable(
            f"{picture.file} takes pictures of {size[1]} x {size[0]} pixels, but preprocessor_config.json makes them"
            f" {spec.width} x {spec.height}. Take both from one export."
        )
    outputs = find_outputs(picture, text)
    count = picture.size_of(picture.picture_input, 0) or 1
    black = preparation.scale_pictures(np.zeros((count, spec.height, spec.width, 3), np.uint8), spec)
    neutral = encoder.encode([TEMPLATE.format("something")] * (text.size_of("input_ids", 0) or 1))
    towers = Towers(picture, text, *outputs, black, neutral)
    seen, read = towers.embed_pictures(black), towers.embed_texts(neutral)
    if seen.shape[1] != read.shape[1]:
        raise ClassifierUnavailable(
            f"The towers do not belong together: {picture.file.name} gives {seen.shape[1]} numbers for a picture, and"
            f" {text.file.name} {read.shape[1]} for a text. Take both from one export, with its projections"
            " (image_embeds and text_embeds)."
        )
    return towers.without_padding()


def _calibrate(
    options: ZeroShotOptions, files: ModelFiles, family: Family, texts: TextEmbedder
) -> Calibration:
    """The calibration of a family, with scale and bias of the settings, else of the model."""
    scale, bias = options.logit_scale, options.logit_bias
    if scale is None or (bias is None and family == "siglip"):
        fitted = _fit(files, texts.towers, texts.encoder)
        if fitted is None and family == "siglip":
            raise ClassifierUnavailable(
                f"{files.where} has no file with both towers, so the scale and the bias of SigLIP are unknown. Add"
                " onnx/model.onnx, or set logit_scale and logit_bias (112.7 and -16.77 for"
                " siglip2-base-patch16-224)."
            )
        own_scale, own_bias = fitted or (CLIP_SCALE, 0.0)
        scale, bias = scale or own_scale, own_bias if bias is None else bias
    if family == "siglip":
        return SigmoidCalibration(scale, bias or 0.0)
    prompts = [TEMPLATE.format(one) for one in BACKGROUND]
    return BackgroundCalibration(scale, texts.embed(prompts).astype(np.float64))


def _fit(files: ModelFiles, towers: Towers, encoder: PromptEncoder) -> tuple[float, float] | None:
    """Scale and bias from the logits that the model gives plain pictures and texts; None without logits."""
    count = len(towers.blank) if len(towers.blank) > 1 else 4
    ramp = np.linspace(0.0, 1.0, towers.blank[0].size).reshape(towers.blank[0].shape)
    pictures = np.stack([towers.blank[0] + step * ramp for step in range(count)]).astype(np.float32)
    texts = BACKGROUND[: len(towers.neutral) if len(towers.neutral) > 1 else 24]
    compared = towers.compare(pictures, encoder.encode([TEMPLATE.format(one) for one in texts]))
    if compared is None:
        return None
    try:
        return calibration.fit_logits(*compared)
    except ValueError as error:
        raise ClassifierUnavailable(
            f"{files.picture} is not an export of CLIP or SigLIP: {error}. Set model to another export."
        ) from error


def _embed_words(words: Sequence[str], templates: Sequence[str], texts: TextEmbedder) -> Matrix:
    """A vector for each word: the mean over its prompts, normalised (Radford et al. 2021, section 3.1.4)."""
    rows = [np.mean(texts.embed(write_prompts(word, templates)), axis=0, dtype=np.float64) for word in words]
    means = np.stack(rows)
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True), np.float64)


def _exclusive_columns(listed: WordList) -> list[list[int]]:
    if not listed.exclusive:
        return []
    return [
        [index for index, word in enumerate(listed.words) if listed.group_of.get(word) == group]
        for group in dict.fromkeys(listed.group_of.values())
    ]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
