"""Open an ONNX model in ONNX Runtime, from bytes, with the thread settings that all our ONNX models use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from classifiers.errors import ClassifierUnavailable, in_one_line
from classifiers.external_data import ExternalData

_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


def open_session(model: Path, content: bytes, data: ExternalData) -> Any:
    """An `onnxruntime.InferenceSession` of a model's bytes and its tensor files.

    Raises `ClassifierUnavailable` if ONNX Runtime can't load them; `model` is for its message.
    """
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.log_severity_level = 4
    # Idle threads sleep instead of spinning: the decoders need the cores.
    settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers = [one for one in _PROVIDERS if one in onnxruntime.get_available_providers()]
    try:
        # From bytes only: a model file can name any file of the machine for its tensors.
        data.attach_to(settings)
        return onnxruntime.InferenceSession(content, settings, providers=providers)
    except Exception as error:  # its exceptions have no common class
        raise ClassifierUnavailable(
            f"ONNX Runtime can't load {model} ({in_one_line(error)}). Set model to an .onnx file without custom"
            " operators, together with the files that came with it."
        ) from error
