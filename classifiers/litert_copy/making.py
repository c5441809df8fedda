"""Make a copy, in a process of its own on TensorFlow and the CPU, whatever the caller's Keras runs on."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from classifiers.backend import has_gpu_device
from classifiers.errors import ClassifierUnavailable
from classifiers.keras_options import KerasOptions
from classifiers.litert_copy.files import MODEL_ENDING, CopyDescription, read_description
from classifiers.precision import Precision, choose_precision

LIMIT_SECONDS = 1800.0
POLL_SECONDS = 1.0
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


def make_copy(
    options: KerasOptions, version: str | None, raise_if_halted: Callable[[], None] = lambda: None
) -> tuple[CopyDescription, bytes]:
    """The description and the model of a copy of the classifier with these options.

    `version` is the one that it must have, None for the one that the options give. Where the model can't be converted,
    the description has the reason, and the model is empty. TensorFlow takes about 20 seconds and 1 GB for it;
    `raise_if_halted` is called about once a second, and may raise to stop it.
    Raises `ClassifierUnavailable` if the classifier can't be loaded, or has another version.
    """
    with tempfile.TemporaryDirectory(prefix="likelens-copy-") as folder:
        job = Job(
            options=options, precision=_precision(options, version), version=version, folder=Path(folder)
        )
        problem = _run(job, raise_if_halted) or "the conversion wrote nothing"
        made = read_description(job.folder, NAME)
        if made is None:
            return CopyDescription(version=version or "", problem=problem), b""
        return made, b"" if made.problem else (job.folder / f"{NAME}{MODEL_ENDING}").read_bytes()


def _run(job: Job, raise_if_halted: Callable[[], None]) -> str:
    """Run the conversion; returns why it ended without a description, empty if it did not."""
    process = subprocess.Popen(
        [sys.executable, "-m", _MODULE],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **_SETTINGS},
        # Ctrl-C in a terminal reaches the whole session; this process then ends the other one.
        start_new_session=True,
    )
    with process:
        try:
            errors = _wait(process, job.model_dump_json().encode(), raise_if_halted)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"the conversion took more than {LIMIT_SECONDS / 60:.0f} minutes"
        except BaseException:
            process.kill()
            raise
    if process.returncode == UNAVAILABLE:
        raise ClassifierUnavailable(errors.decode(errors="replace").strip().rpartition("\n")[2])
    return "" if process.returncode == 0 else f"the conversion ended with the status {process.returncode}"


def _wait(process: subprocess.Popen[bytes], data: bytes, raise_if_halted: Callable[[], None]) -> bytes:
    """The process's standard error when it has ended. Raises `TimeoutExpired` after the limit."""
    deadline = time.monotonic() + LIMIT_SECONDS
    unsent: bytes | None = data
    while True:
        try:
            return process.communicate(unsent, timeout=POLL_SECONDS)[1]
        except subprocess.TimeoutExpired:
            unsent = None  # what is left of it is sent by the next call
            raise_if_halted()
            if time.monotonic() > deadline:
                raise


def _precision(options: KerasOptions, version: str | None) -> Precision:
    """The precision of the classifier's lane. Raises `ClassifierUnavailable` if only Keras would know it."""
    if options.precision != "auto":
        return options.precision
    if version is not None:
        return "bfloat16" if "-bfloat16-" in version else "float32"
    if has_gpu_device():
        raise ClassifierUnavailable("The precision of its lane depends on the GPU. Set precision.")
    return choose_precision(options.precision, None)
