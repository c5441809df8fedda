"""An index of the hashes in each data file of a table whose key is or begins with one, so that an append reads few files.

Of the addresses in `fetches`, the index has the hashes too, so that a search for some of them reads few files.

A hash has no order in time, so statistics of files exclude none of them, and a check of 2,000 new pictures would read the
hashes of all stored ones. The index of a data file has its hashes in their order, in blocks of 512 bytes: a check reads a
block for each new hash and file. It is a cache in the folder `.keys` of the lake. A data file never changes, so an
index is right or damaged; one that is missing or damaged is made again, and without one the data file is read.

    the first hash of each block, 8 bytes of it     by which a block is found; a wrong one leads to a block that does not fit
    the blocks                                      14 hashes, the first hash of the next block, and a checksum
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from warehouse.file_writing import replace_file
from warehouse.schema.table_schema import Table
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import scan

logger = logging.getLogger(__name__)

Words = NDArray[np.uint64]
"""Hashes: a row of four numbers for each."""

FOLDER = ".keys"
MIN_ROWS = 100_000
"""Smaller files of a table whose key has more than the hash are read: to make an index takes as long."""
_HEX_CHARACTERS = 64
_WORDS = 4
_HASHES = 14
_ROWS = _HASHES + 2
_BLOCK_BYTES = 8 * _WORDS * _ROWS
_ODD = np.uint64(0x9E3779B97F4A7C15)
"""Times the number of a block it is part of the checksum, so that a block in another's place does not fit."""
_CHECKED_AT_ONCE = 4096
_READ_ROWS = 100_000
_NIBBLES = np.full(256, 255, np.uint8)
_NIBBLES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16, dtype=np.uint8)


class _DamagedIndex(Exception):
    """A block does not have what was written."""


def has_index(table: Table) -> bool:
    """Whether the table's key is a hash, or begins with one."""
    return table.key[0] == "sha256"


def find_stored(
    connection: duckdb.DuckDBPyConnection, table: Table, hashes: pa.ChunkedArray, files: Sequence[LakeFile]
) -> tuple[NDArray[np.bool_], list[LakeFile]]:
    """Which of the hashes the table's current files have, and the files without an index, which are not searched.

    For a table whose key is one hash. The caller holds the table's lock.
    """
    found, unsearched = np.zeros(len(hashes), bool), []
    for file, hits in _search_all(connection, table, hashes, files, files):
        if hits is None:
            unsearched.append(file)
        else:
            found |= hits
    return found, unsearched


def find_files(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    hashes: pa.ChunkedArray,
    files: Sequence[LakeFile],
    candidates: Sequence[LakeFile],
) -> list[LakeFile]:
    """Which of the candidates have a row with one of the hashes, or have no index; `files` are the table's.

    The hashes are those of the first column of the key. The caller holds the table's lock.
    """
    large = [file for file in candidates if file.rows >= MIN_ROWS]
    found = _search_all(connection, table, hashes, files, large)
    without = {file.name for file, hits in found if hits is not None and not hits.any()}
    return [file for file in candidates if file.name not in without]


def _search_all(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    hashes: pa.ChunkedArray,
    files: Sequence[LakeFile],
    searched: Sequence[LakeFile],
) -> list[tuple[LakeFile, NDArray[np.bool_] | None]]:
    """Which of the hashes each of the searched files has; None: it has no index. `files` are the table's."""
    if not searched:
        return []
    wanted = _as_words(hashes)
    if wanted is None:
        return [(file, None) for file in searched]
    folder = Path(files[0].path).parent.parent / FOLDER / table.name
    _remove_others(folder, {file.name for file in files})
    return [(file, _search(connection, table, folder, file, wanted)) for file in searched]


def remove_index(lake: Path, table_name: str) -> None:
    """Delete the index of a table: it has the hashes of deleted rows until the next append."""
    shutil.rmtree(lake / FOLDER / table_name, ignore_errors=True)


def _remove_others(folder: Path, names: set[str]) -> None:
    """Delete indexes of files that are not current, and those that a killed process did not finish."""
    with suppress(OSError):  # without a folder there is none
        for file in list(folder.iterdir()):
            if file.name not in names:
                file.unlink(missing_ok=True)


def _search(
    connection: duckdb.DuckDBPyConnection, table: Table, folder: Path, file: LakeFile, wanted: Words
) -> NDArray[np.bool_] | None:
    """Which of the hashes the file has, by its index; None if it can have no index."""
    index, label = folder / file.name, f"{file.name} {file.bytes}"
    try:
        return _look_up(index, label, wanted)
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, _DamagedIndex) as error:
        logger.warning("The index %s is damaged (%s), and is made again.", index, error)
    content = _build(connection, table, file.path, label)
    if content is None:
        return None
    _write(index, content)
    try:
        return _look_up(index, label, wanted)
    except (OSError, _DamagedIndex):  # the folder can't be written: the data file is read
        return None


def _look_up(index: Path, label: str, wanted: Words) -> NDArray[np.bool_]:
    found = np.zeros(len(wanted), bool)
    with index.open("rb") as content:
        blocks, rest = divmod(os.fstat(content.fileno()).st_size, 8 + _BLOCK_BYTES)
        if rest or not blocks:
            raise _DamagedIndex("its size is wrong")
        firsts = np.fromfile(content, np.uint64, blocks)
        seed = _seed(label, blocks)
        for start in range(0, len(wanted), _CHECKED_AT_ONCE):
            some = slice(start, start + _CHECKED_AT_ONCE)
            found[some] = _look_up_some(content.fileno(), firsts, seed, wanted[some])
    return found


def _look_up_some(file: int, firsts: Words, seed: Words, wanted: Words) -> NDArray[np.bool_]:
    last, first = len(firsts) - 1, wanted[:, 0]
    places = np.clip(np.searchsorted(firsts, first, "right") - 1, 0, last)
    start = 8 * len(firsts)
    numbers, inverse = np.unique(places, return_inverse=True)
    read = b"".join(
        os.pread(file, _BLOCK_BYTES, start + _BLOCK_BYTES * number) for number in numbers.tolist()
    )
    if len(read) != _BLOCK_BYTES * len(numbers):
        raise _DamagedIndex("it ends too early")
    read_blocks = np.frombuffer(read, np.uint64).reshape(-1, _ROWS, _WORDS)
    if not np.array_equal(_checksums(read_blocks, numbers, seed), read_blocks[:, -1]):
        raise _DamagedIndex("a block has a wrong checksum")
    blocks = read_blocks[inverse]
    is_after = (places == 0) | (blocks[:, 0, 0] <= first)
    is_before = (places == last) | (first < blocks[:, _HASHES, 0])
    if not (is_after & is_before).all():
        raise _DamagedIndex("its blocks have another order")
    found: NDArray[np.bool_] = (blocks[:, :_HASHES] == wanted[:, None]).all(axis=2).any(axis=1)
    return found


def _checksums(blocks: Words, numbers: NDArray[Any], seed: Words) -> Words:
    combined: Words = np.bitwise_xor.reduce(blocks[:, :-1], axis=1)
    return combined ^ seed ^ (numbers.astype(np.uint64) * _ODD)[:, None]


def _seed(label: str, blocks: int) -> Words:
    """What binds an index to its data file and its own size."""
    return np.frombuffer(hashlib.sha256(f"{label} {blocks}".encode()).digest(), np.uint64)


def _build(connection: duckdb.DuckDBPyConnection, table: Table, path: str, label: str) -> bytes | None:
    """The index of a data file; None if a value is no hash, or if two hashes begin alike, which no chance makes."""
    key = table.key[0] if has_index(table) else f"sha256({table.key[0]})"
    rows = connection.sql(f"select distinct {key} from {scan([path], table)}")
    parts = []
    for batch in rows.to_arrow_reader(_READ_ROWS):
        words = _as_words(batch[0])
        if words is None:
            return None
        parts.append(words)
    hashes = np.concatenate(parts) if parts else np.empty((0, _WORDS), np.uint64)
    hashes = hashes[np.argsort(hashes[:, 0])]
    if not len(hashes) or (hashes[1:, 0] == hashes[:-1, 0]).any():
        return None
    count = -(-len(hashes) // _HASHES)
    padding = np.repeat(hashes[-1:], count * _HASHES - len(hashes), axis=0)
    blocks = np.zeros((count, _ROWS, _WORDS), np.uint64)
    blocks[:, :_HASHES] = np.concatenate([hashes, padding]).reshape(count, _HASHES, _WORDS)
    blocks[:-1, _HASHES] = blocks[1:, 0]
    blocks[:, -1] = _checksums(blocks, np.arange(count), _seed(label, count))
    return np.ascontiguousarray(blocks[:, 0, 0]).tobytes() + blocks.tobytes()


def _write(index: Path, content: bytes) -> None:
    try:
        replace_file(index, content)
    except OSError as error:
        logger.warning(
            "The index %s can't be written (%s). Without it each append takes longer.", index, error
        )


def _as_words(values: pa.Array | pa.ChunkedArray) -> Words | None:
    """Hashes in lower-case hex as numbers; None if a value is something else."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
        if isinstance(values, pa.ChunkedArray):
            values = pa.concat_arrays(values.chunks)
    if values.null_count:
        return None
    try:
        texts = values.cast(pa.binary()).cast(pa.binary(_HEX_CHARACTERS))
    except pa.ArrowInvalid:
        return None
    bytes_ = np.frombuffer(texts.buffers()[1] or b"", np.uint8)
    start = _HEX_CHARACTERS * texts.offset
    nibbles = _NIBBLES[bytes_[start : start + _HEX_CHARACTERS * len(texts)].reshape(-1, _HEX_CHARACTERS)]
    if (nibbles == 255).any():
        return None
    packed = np.ascontiguousarray((nibbles[:, ::2] << 4) | nibbles[:, 1::2])
    return packed.view(">u8").astype(np.uint64)
