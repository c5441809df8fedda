"""The files of a model: which of them a folder or a Hugging Face repository has, and their hashes.

Two layouts exist, those that Hugging Face's Optimum and transformers.js export: a file for each tower
(`vision_model.onnx` and `text_model.onnx`), or one file with both (`model.onnx`), in a folder `onnx` or beside
`config.json`. A variant is part of the name: `vision_model_quantized.onnx`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from classifiers.errors import ClassifierUnavailable
from classifiers.zero_shot.configuration import CONFIG, PREPARATION, TOKENIZER, TOKENIZER_CONFIG, read_family
from classifiers.zero_shot.download import Repository, is_repository_name
from classifiers.zero_shot.options import ZeroShotOptions

_REQUIRED = (CONFIG, PREPARATION, TOKENIZER)
_FOLDERS = ("onnx/", "")


@dataclass(frozen=True, slots=True)
class ModelFiles:
    """Where each part of a model is. `picture` and `text` are the same file if it has both towers.

    `name` is that of the folder or the repository, and `commit` that of the repository. `where` is for messages.
    """

    where: str
    name: str
    commit: str
    picture: Path
    text: Path
    config: Path
    preparation: Path
    tokenizer: Path
    tokenizer_config: Path | None

    @property
    def is_combined(self) -> bool:
        """Whether one file has both towers."""
        return self.picture == self.text


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file's bytes and their SHA-256, in hexadecimal."""

    content: bytes
    sha256: str


def find_model_files(options: ZeroShotOptions) -> ModelFiles:
    """The files of the model that the options name. Raises `ClassifierUnavailable` if one is missing."""
    if options.model.is_dir():
        return _find_in_folder(options)
    if not is_repository_name(options.given):
        raise ClassifierUnavailable(
            f"There is no folder {options.model}. Set model to a folder with the files of a model, or to the name"
            " of a Hugging Face repository such as Xenova/clip-vit-base-patch32."
        )
    repository = Repository(options.given, options.revision)
    try:
        return _find_in_repository(options, repository)
    except ClassifierUnavailable as error:
        if repository.commit:
            raise
        raise ClassifierUnavailable(f"There is no folder {options.model}. {error}") from error


def read_file(file: Path) -> FileContent:
    """A file with its hash, which is checked where the cache of Hugging Face names it.

    Raises `ClassifierUnavailable` if the file can't be read or is damaged.
    """
    try:
        content = file.read_bytes()
        blob = file.resolve().name
    except OSError as error:
        raise ClassifierUnavailable(
            f"{file} can't be read ({error.strerror}). Give this user the right to read it, or set model to another"
            " folder."
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    # In the cache a file is a link to one that is named by its hash: SHA-256 (64 digits) for large files.
    if len(blob) == len(digest) and set(blob) <= set("0123456789abcdef") and blob != digest:
        raise ClassifierUnavailable(
            f"The file {file.name} is damaged: its SHA-256 is not the one that Hugging Face states. Delete"
            f" {file.resolve()} and run again."
        )
    return FileContent(content, digest)


def _find_in_folder(options: ZeroShotOptions) -> ModelFiles:
    folder = options.model
    names = {
        name
        for name in (*_REQUIRED, TOKENIZER_CONFIG, *_candidates(options.variant))
        if (folder / name).is_file()
    }
    if missing := [name for name in _REQUIRED if name not in names]:
        raise _missing(f"The model folder {folder}", missing[0], options.variant)
    parts = _choose_parts(names, options, read_family(folder / CONFIG))
    if parts is None:
        raise _missing(f"The model folder {folder}", "ONNX files of both towers", options.variant)
    picture, text = (folder / name for name in parts)
    extra = folder / TOKENIZER_CONFIG if TOKENIZER_CONFIG in names else None
    config, preparation, tokenizer = (folder / name for name in _REQUIRED)
    name = folder.resolve().name
    return ModelFiles(str(folder), name, "", picture, text, config, preparation, tokenizer, extra)


def _find_in_repository(options: ZeroShotOptions, repository: Repository) -> ModelFiles:
    config = repository.fetch(CONFIG)
    preparation, tokenizer = (repository.fetch(name) for name in (PREPARATION, TOKENIZER))
    family = read_family(config)
    parts = _choose_parts(repository.list_cached(), options, family)
    # Two files of SigLIP may be in the cache from settings that had its scale and bias.
    if parts is None or (_needs_logits(options, family) and parts[0] != parts[1]):
        names = repository.list_files()
        parts = _choose_parts(names, options, family)
        if parts is None:
            where = f"The Hugging Face repository {repository.name}"
            raise _missing(where, "ONNX files of both towers", options.variant)
        for name in names:
            # Tensors outside the model file, which may have 2 GB at most.
            is_data = any(name.startswith((f"{part}_data", f"{part}.data")) for part in parts)
            if is_data and ".." not in name:
                repository.fetch(name)
    picture, text = (repository.fetch(name) for name in parts)
    extra = repository.fetch_optional(TOKENIZER_CONFIG)
    name = repository.name.partition("/")[2]
    return ModelFiles(
        repository.name, name, repository.commit, picture, text, config, preparation, tokenizer, extra
    )


def _candidates(variant: str) -> list[str]:
    ending = f"_{variant}.onnx" if variant else ".onnx"
    return [
        f"{folder}{part}{ending}" for folder in _FOLDERS for part in ("vision_model", "text_model", "model")
    ]


def _choose_parts(names: Collection[str], options: ZeroShotOptions, family: str) -> tuple[str, str] | None:
    """The files of the picture and of the text tower.

    Two files are better, because each pass then runs one tower. SigLIP's scale and bias are only in the file with
    both towers, so that one is taken where the settings do not have them.
    """
    ending = f"_{options.variant}.onnx" if options.variant else ".onnx"
    pairs = [(f"{folder}vision_model{ending}", f"{folder}text_model{ending}") for folder in _FOLDERS]
    both = [(f"{folder}model{ending}", f"{folder}model{ending}") for folder in _FOLDERS]
    for pair in [*both, *pairs] if _needs_logits(options, family) else [*pairs, *both]:
        if set(pair) <= set(names):
            return pair
    return None


def _needs_logits(options: ZeroShotOptions, family: str) -> bool:
    return family == "siglip" and None in (options.logit_scale, options.logit_bias)


def _missing(where: str, what: str, variant: str) -> ClassifierUnavailable:
    ending = f"_{variant}.onnx" if variant else ".onnx"
    return ClassifierUnavailable(
        f"{where} has no {what}{f' of the variant {variant!r}' if variant else ''}. A model has {CONFIG},"
        f" {PREPARATION}, {TOKENIZER}, and either onnx/vision_model{ending} with onnx/text_model{ending}, or"
        f" onnx/model{ending}. Add what is missing, or set model to another folder or repository."
    )
