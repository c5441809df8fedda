"""Read tensors from a file in PyTorch's format before 1.6. Only tensors can come out of it, and no code can run.

magic number, protocol, system       three pickles
{name: tensor}                       a pickle; a tensor refers to its storage by a key
[key]                                a pickle
number of elements, raw values       for each key, little-endian; the number has 8 bytes

The current format, a ZIP file, is refused.
"""

from __future__ import annotations

import collections
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


@dataclass(frozen=True, slots=True)
class _View:
    """A tensor as the file declares it: part of a storage."""

    storage: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


def read_tensors(file: Path) -> dict[str, NDArray[Any]]:
    """The tensors of a state dictionary, as float32 or int64 arrays of their own.

    Raises `ValueError` if the file has another format, names anything but tensors, or is damaged.
    """
    try:
        with file.open("rb") as opened:
            return _read(opened)
    except (pickle.UnpicklingError, EOFError, TypeError, AttributeError, LookupError, OverflowError) as error:
        raise ValueError(f"it is not a file of tensors ({error})") from error


def _read(opened: BinaryIO) -> dict[str, NDArray[Any]]:
    if _TensorUnpickler(opened).load() != MAGIC_NUMBER:
        raise ValueError("it does not start with PyTorch's magic number")
    _TensorUnpickler(opened).load()
    _TensorUnpickler(opened).load()
    reader = _TensorUnpickler(opened)
    views = reader.load()
    storages = {}
    for key in _TensorUnpickler(opened).load():
        dtype = reader.storages[key]
        length = opened.read(8)
        values = opened.read(int.from_bytes(length, "little") * dtype.itemsize)
        if len(length) < 8 or len(values) != int.from_bytes(length, "little") * dtype.itemsize:
            raise ValueError("it ends too early")
        storages[key] = np.frombuffer(values, dtype)
    return {name: _array(storages[view.storage], view) for name, view in views.items()}


def _array(storage: NDArray[Any], view: _View) -> NDArray[Any]:
    ends = [(size - 1) * stride for size, stride in zip(view.shape, view.strides, strict=True)]
    if min((view.offset, *view.shape, *view.strides)) < 0 or view.offset + sum(ends) >= storage.size:
        raise ValueError("a tensor reaches outside its storage")
    strides = [stride * storage.itemsize for stride in view.strides]
    # Strides matter: the tensors were transposed, not copied.
    return np.lib.stride_tricks.as_strided(storage[view.offset :], view.shape, strides).copy()


class _TensorUnpickler(pickle.Unpickler):
    """Reads one pickle, and refuses every name but those of tensors."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(file)
        self.storages: dict[str, np.dtype[Any]] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Stand-ins for what tensors consist of."""
        match module, name:
            case "collections", "OrderedDict":
                return collections.OrderedDict
            case "torch._utils", "_rebuild_tensor_v2":
                return _view
            case "torch", _ if name in _DTYPES:
                return _DTYPES[name]
        raise pickle.UnpicklingError(f"it names {module}.{name}, which is no tensor")

    def persistent_load(self, pid: Any) -> str:
        """The key of a storage."""
        _, dtype, key, *_ = pid
        self.storages[key] = dtype
        return str(key)


def _view(storage: str, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], *_: Any) -> _View:
    return _View(storage, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))
