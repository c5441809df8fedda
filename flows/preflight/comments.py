"""The model that gives the tone of comments, found by loading it."""

from __future__ import annotations

from collections.abc import Iterator

from classifiers.errors import ClassifierUnavailable
from classifiers.tone.model import load_tone_model
from classifiers.tone.model_folder import find_tone_model
from flows.docs_pages import INSTALL, TONE_MODELS
from flows.preflight.classifiers import EXTRA
from flows.preflight.findings import Finding
from tasks.read_comments.options import ReadOptions
from tasks.read_comments.stage import reader_version


def check_tone_model(options: ReadOptions) -> Iterator[Finding]:
    """Load the model, if the settings name one."""
    if options.tone_model is None:
        return
    try:
        files = find_tone_model(options.tone_model)
        load_tone_model(files)
    except ClassifierUnavailable as error:
        yield Finding(False, f"tone of comments: {error}", INSTALL if EXTRA in str(error) else TONE_MODELS)
        return
    tones = ", ".join(f"{label} {tone:g}" for label, tone in zip(files.labels, files.tones, strict=True))
    languages = ", ".join(options.tone_languages) or "none: no language is in both lists"
    yield Finding(
        True, f"tone of comments: {reader_version(options, files)}; labels: {tones}; languages: {languages}"
    )
