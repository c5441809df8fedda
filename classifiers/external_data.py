"""Read the tensor files of ONNX models safely (onnx.proto, `TensorProto.external_data`).

A model file names these files, so it could name any file of the machine. Only files in the model's folder are
read, each once: the version covers exactly what ONNX Runtime gets. ONNX Runtime reads none itself, because it
would look for them in the current folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from classifiers.errors import ClassifierUnavailable

MAX_DATA_BYTES = 4 * 1024**3
"""Limit for all tensor files of a model together; they are in memory while it is loaded."""
NO_FILE = "no file"
"""A location that ONNX Runtime always gets: with at least one, it looks for none on the disk."""

# For each message its fields: the number in onnx.proto and, for a message, its type.
_SCHEMA: dict[str, dict[str, tuple[int, str]]] = {
    "Model": {"graph": (7, "Graph"), "training_info": (20, "Training"), "functions": (25, "Function")},
    "Training": {"initialization": (1, "Graph"), "algorithm": (2, "Graph")},
    "Graph": {"node": (1, "Node"), "initializer": (5, "Tensor"), "sparse_initializer": (15, "Sparse")},
    "Function": {"node": (7, "Node"), "attribute_proto": (11, "Attribute")},
    "Node": {"attribute": (5, "Attribute")},
    "Attribute": {
        "t": (5, "Tensor"),
        "g": (6, "Graph"),
        "tensors": (10, "Tensor"),
        "graphs": (11, "Graph"),
        "sparse_tensor": (22, "Sparse"),
        "sparse_tensors": (23, "Sparse"),
    },
    "Sparse": {"values": (1, "Tensor"), "indices": (2, "Tensor")},
    "Tensor": {"external_data": (13, "Entry")},
    "Entry": {"key": (1, ""), "value": (2, "")},
}
_PACKAGE = "likelens.onnx"


@dataclass(frozen=True, slots=True)
class ExternalData:
    """A model's tensor files: their contents by the location that the model names."""

    files: dict[str, bytes]

    @property
    def digest(self) -> bytes:
        """The part of a version that follows from the files; empty without files."""
        return b"".join(
            hashlib.sha256(location.encode() + b"\0" + hashlib.sha256(self.files[location]).digest()).digest()
            for location in sorted(self.files)
        )

    def attach_to(self, settings: Any) -> None:
        """Make a session with these `onnxruntime.SessionOptions` take its tensors from these files only."""
        files = {NO_FILE: b"\0", **self.files}
        settings.add_external_initializers_from_files_in_memory(
            list(files), list(files.values()), [len(content) for content in files.values()]
        )


def read_external_data(model: Path, content: bytes) -> ExternalData:
    """Read the tensor files of a model, whose own bytes are `content`.

    Raises `ClassifierUnavailable` if the bytes are not an ONNX model, or a file is missing, too large or outside the
    folder of the model.
    """
    files: dict[str, bytes] = {}
    left = MAX_DATA_BYTES
    for location in _locations(model, content):
        file = _resolve(model, location)
        try:
            size = file.stat().st_size
            if size > left:
                raise ClassifierUnavailable(
                    f"The tensor files of {model} have more than {MAX_DATA_BYTES // 1024**3} GB."
                    " Set model to a smaller model."
                )
            files[location] = file.read_bytes()
        except OSError as error:
            raise ClassifierUnavailable(
                f"The tensor file {location} of {model} can't be read ({error.strerror}). Put it into the folder"
                f" {model.parent}, as it came with the model."
            ) from error
        left -= len(files[location])
    return ExternalData(files)


def _resolve(model: Path, location: str) -> Path:
    """The file at a location in the model's folder, or in the folder that the model links to."""
    path = PurePosixPath(location)
    is_refused = (
        not location or path.is_absolute() or ".." in path.parts or not {"\\", "\0"}.isdisjoint(location)
    )
    try:
        real = (model.parent / path).resolve()
        folders = (model.parent.resolve(), model.resolve().parent)
        is_inside = any(real.is_relative_to(folder) for folder in folders)
        is_refused |= not is_inside or (real.exists() and not real.is_file())  # reading a pipe would block
    except (OSError, RuntimeError, ValueError):  # links in a circle, or a NUL in the location
        is_refused = True
    if is_refused:
        raise ClassifierUnavailable(
            f"{model} names the tensor file {location[:200]!r}, which is not in its folder. Files elsewhere are"
            " not read. Set model to an .onnx file with its tensor files beside it."
        )
    return real


def _locations(model: Path, content: bytes) -> list[str]:
    """The locations that the model names, each once. Raises `ClassifierUnavailable` if inner graphs name any."""
    from google.protobuf.message import DecodeError

    try:
        parsed = _model_class().FromString(content)
    except DecodeError as error:
        raise ClassifierUnavailable(
            f"{model} is not an ONNX model ({error}). Set model to an .onnx file."
        ) from error
    outer = [_location_of(tensor) for graph in parsed.graph for tensor in graph.initializer]
    everywhere = [_location_of(tensor) for tensor in _tensors(parsed)]
    if sum(one is not None for one in everywhere) != sum(one is not None for one in outer):
        raise ClassifierUnavailable(
            f"{model} has tensors of an inner graph in other files, which are not read. Set model to an .onnx file"
            " that contains its tensors."
        )
    return list(dict.fromkeys(one for one in outer if one is not None))


def _location_of(tensor: Any) -> str | None:
    """The file of a tensor: None if the tensor is in the model, empty if it names no file.

    A tensor that names two files fails later: ONNX Runtime gets only the files that are named here.
    """
    if not tensor.external_data:
        return None
    names = [entry.value for entry in tensor.external_data if entry.key == b"location"]
    return names[-1].decode("utf-8", "replace") if names else ""


def _tensors(message: Any) -> Iterator[Any]:
    """All tensors in a message, at any depth."""
    if message.DESCRIPTOR.name == "Tensor":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value:
                yield from _tensors(one)


@cache
def _model_class() -> Any:
    """A class that parses the fields in `_SCHEMA` of an ONNX model, without the package `onnx`."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="likelens_onnx.proto", package=_PACKAGE, syntax="proto2")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field, (number, of) in fields.items():
            added = message.field.add(name=field, number=number)
            added.label = kinds.LABEL_OPTIONAL if not of else kinds.LABEL_REPEATED
            added.type = kinds.TYPE_MESSAGE if of else kinds.TYPE_BYTES
            if of:
                added.type_name = f".{_PACKAGE}.{of}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.Model"))
