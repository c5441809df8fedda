"""Make a copy, in a process of its own on TensorFlow and the CPU, whatever the caller's Keras runs on."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from classifiers.backend import has_gpu_device
from classifiers.errors import ClassifierUnavailable
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.files import MODEL_ENDING, CopyDescription, read_description
from classifiers.precision import Precision, choose_precision

LIMIT_SECONDS = 1800.0
UNAVAILABLE = 3
"""The exit status of the process where the model can't be loaded; its standard error says why."""
NAME = "copy"
_MODULE = "classifiers.litert_copy.conversion"
_SETTINGS = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}


class Job(BaseModel):
    """What to convert: a classifier's options, with the precision of its lane, and where the copy goes."""

    model_config = ConfigDict(frozen=True)

    options: KerasOptions
    precision: Precision
    version: str | None
    folder: Path


def make_copy(options: KerasOptions, version: str | None) -> tuple[CopyDescription, bytes]:
    """The description and the model of a copy of the classifier with these options.

    `version` is the one that it must have, None for the one that the options give. Where the model can't be converted,
    the description has the reason, and the model is empty. TensorFlow takes about 20 seconds and 1 GB for it.
    Raises `ClassifierUnavailable` if the classifier can't be loaded, or has another version.
    """
    with tempfile.TemporaryDirectory(prefix="likelens-copy-") as folder:
        job = Job(
            options=options, precision=_precision(options, version), version=version, folder=Path(folder)
        )
        problem = _run(job) or "the conversion wrote nothing"
        made = read_description(job.folder, NAME)
        if made is None:
            return CopyDescription(version=version or "", problem=problem), b""
        return made, b"" if made.problem else (job.folder / f"{NAME}{MODEL_ENDING}").read_bytes()


def _run(job: Job) -> str:
    """Run the conversion; returns why it ended without a description, empty if it did not."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", _MODULE],
            input=job.model_dump_json().encode(),
            capture_output=True,
            timeout=LIMIT_SECONDS,
            env={**os.environ, **_SETTINGS},
            # Ctrl-C in a terminal reaches the whole session; this process then ends the other one.
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the conversion took more than {LIMIT_SECONDS / 60:.0f} minutes"
    if done.returncode == UNAVAILABLE:
        raise ClassifierUnavailable(done.stderr.decode(errors="replace").strip().rpartition("\n")[2])
    return "" if done.returncode == 0 else f"the conversion ended with the status {done.returncode}"


def _precision(options: KerasOptions, version: str | None) -> Precision:
    """The precision of the classifier's lane. Raises `ClassifierUnavailable` if only Keras would know it."""
    if options.precision != "auto":
        return options.precision
    if version is not None:
        return "bfloat16" if "-bfloat16-" in version else "float32"
    if has_gpu_device():
        raise ClassifierUnavailable("The precision of its lane depends on the GPU. Set precision.")
    return choose_precision(options.precision, None)
