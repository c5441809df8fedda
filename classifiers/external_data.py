"""ONNX models that keep their tensors in other files (onnx.proto, `TensorProto.external_data`), read safely.

A model file names these files itself, so it could name any file of the machine. Only files in the model's own
folder are read, each once: what the version covers is what ONNX Runtime gets. ONNX Runtime reads none itself, for
it would look for them in the current folder.
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
"""Of all files of a model together; they are held in memory while it is loaded."""
NO_FILE = "no file"
"""A location that is always given to ONNX Runtime: with one, it looks for none on the disk."""

# Message: its fields, as onnx.proto numbers them: the number and, for a message, its type.
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
    """A model's other files: their contents by the location that the model names."""

    files: dict[str, bytes]

    @property
    def digest(self) -> bytes:
        """What stands for their contents in a version; empty without files."""
        return b"".join(
            hashlib.sha256(location.encode() + b"\0" + hashlib.sha256(self.files[location]).digest()).digest()
            for location in sorted(self.files)
        )

    def give_to(self, settings: Any) -> None:
        """Let a session with these settings (`onnxruntime.SessionOptions`) take its tensors from here alone."""
        given = {NO_FILE: b"\0", **self.files}
        settings.add_external_initializers_from_files_in_memory(
            list(given), list(given.values()), [len(content) for content in given.values()]
        )


def read_external_data(model: Path, content: bytes) -> ExternalData:
    """The other files of a model, whose own bytes are `content`.

    Raises `ClassifierUnavailable` where the bytes are no ONNX model, and where a file is missing, too large or not in
    the folder of the model.
    """
    files: dict[str, bytes] = {}
    left = MAX_DATA_BYTES
    for location in _locations(model, content):
        file = _inside(model, location)
        try:
            size = file.stat().st_size
            if size > left:
                raise ClassifierUnavailable(
                    f"The files that {model} keeps its tensors in have more than {MAX_DATA_BYTES // 1024**3} GB."
                    " Take a smaller model."
                )
            files[location] = file.read_bytes()
        except OSError as error:
            raise ClassifierUnavailable(
                f"{model} keeps tensors in the file {location}, which can't be read ({error.strerror}). Put it"
                f" into the folder {model.parent}, as it came with the model."
            ) from error
        left -= len(files[location])
    return ExternalData(files)


def _inside(model: Path, location: str) -> Path:
    """The file at a location, which lies where the model lies: in its folder, or where a link leads it."""
    path = PurePosixPath(location)
    outside = not location or path.is_absolute() or ".." in path.parts or "\\" in location or "\0" in location
    if not outside:
        try:
            real = (model.parent / path).resolve()
            folders = (model.parent.resolve(), model.resolve().parent)
        except (OSError, RuntimeError):
            outside = True
        else:
            outside = not any(real.is_relative_to(folder) for folder in folders)
            if not outside and real.exists() and not real.is_file():
                outside = True  # a pipe would be waited for
    if outside:
        raise ClassifierUnavailable(
            f"{model} wants tensors from {location[:200]!r}, which is no file in its own folder. No other file is"
            " read for a model. Set model to one whose files lie beside it."
        )
    return real


def _locations(model: Path, content: bytes) -> list[str]:
    """The locations that the model names, each once. Raises `ClassifierUnavailable` where it has them in inner graphs."""
    from google.protobuf.message import DecodeError

    try:
        read = _model_class().FromString(content)
    except DecodeError as error:
        raise ClassifierUnavailable(
            f"{model} is no ONNX model that can be run ({error}). Set model to an .onnx file."
        ) from error
    outer = [_location_of(tensor) for graph in read.graph for tensor in graph.initializer]
    everywhere = [_location_of(tensor) for tensor in _tensors(read)]
    if sum(one is not None for one in everywhere) != sum(one is not None for one in outer):
        raise ClassifierUnavailable(
            f"{model} keeps tensors of an inner graph in other files, which are not read. Set model to an .onnx"
            " file that holds its tensors itself."
        )
    return list(dict.fromkeys(one for one in outer if one is not None))


def _location_of(tensor: Any) -> str | None:
    """Where a tensor lies; None where it is in the model, and empty where it does not say.

    A tensor that names two places is refused later: ONNX Runtime gets no file but those that are named here.
    """
    if not tensor.external_data:
        return None
    places = [entry.value for entry in tensor.external_data if entry.key == b"location"]
    return places[-1].decode("utf-8", "replace") if places else ""


def _tensors(message: Any) -> Iterator[Any]:
    """All tensors in a message, however deep."""
    if message.DESCRIPTOR.name == "Tensor":
        yield message
        return
    for field, value in message.ListFields():
        if field.message_type is not None:
            for one in value:
                yield from _tensors(one)


@cache
def _model_class() -> Any:
    """A class that reads what `_SCHEMA` names of an ONNX model; the package `onnx` is not needed for it."""
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
