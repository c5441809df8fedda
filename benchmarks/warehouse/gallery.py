"""A home folder with synthetic posts of 1,000 accounts in 100 sources, written in parts, so that memory stays small.

Likes are log-normal around the account's level, labels follow Zipf's law, and each post has a picture with five labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute

from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.tables import TABLES
from warehouse.storage.file_commit import commit_files, write_files
from warehouse.storage.file_layout import rows_per_file

ACCOUNTS = 1_000
SOURCES = 100
LABELS = 1_000
LABELS_PER_POST = 5
CHUNK_POSTS = 200_000
CLASSIFIER = "c"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PERIOD_DAYS = 900


def fill(home: Home, rows: int, seed: int = 1, others: Sequence[str] = ()) -> None:
    """Store so many rows of labels, with the posts, pictures and observations that they need, and publish.

    `others` are classifiers that label the same pictures, each with as many rows.
    """
    home.prepare()
    posts = max(1, rows // LABELS_PER_POST // ACCOUNTS)
    in_source = ACCOUNTS // SOURCES
    accounts_at_once = max(1, CHUNK_POSTS // posts // in_source) * in_source
    for first in range(0, ACCOUNTS, accounts_at_once):
        accounts = np.arange(first, min(ACCOUNTS, first + accounts_at_once))
        tables = _tables(accounts, posts, seed + first)
        for name, columns in tables.items():
            _append(home, name, columns)
        for number, other in enumerate(others):
            draw = np.random.default_rng([seed + first, number])
            _append(home, "labels", _label_rows(draw, tables["pictures"]["sha256"], other))
    journal = begin_run(home.lake)
    for classifier in (CLASSIFIER, *others):
        journal.start("classify", classifier)
        journal.finish("classify", classifier, StageResult("done", posts, version="1"))
    journal.finish("run", "", StageResult("done"))
    publish(home)


def _append(home: Home, name: str, columns: dict[str, pa.Array]) -> None:
    """Write sorted files as the lake's compaction would, without a check of keys, which are new."""
    table, folder = TABLES[name], home.lake.folder / name
    length = len(next(iter(columns.values())))
    arrays = [columns[c.name] if c.name in columns else pa.nulls(length, c.type) for c in table.columns]
    rows = pa.Table.from_arrays(arrays, schema=table.schema)
    rows = rows.sort_by([(column, "ascending") for column in table.order])
    files = write_files(folder, table, rows.to_batches(), rows_per_file(table, length))
    log = sorted((folder / "_delta_log").glob("*.json"))
    commit_files(folder, int(log[-1].stem), [], files, changes=True)


def _tables(accounts: np.ndarray, posts: int, seed: int) -> dict[str, dict[str, pa.Array]]:
    """The rows of these accounts by table and column."""
    draw = np.random.default_rng(seed)
    count = len(accounts) * posts
    account = np.repeat(accounts, posts)
    names = _texts("account", account)
    ids = _texts("", np.sort(draw.integers(10**17, 10**18, (len(accounts), posts)), axis=1).ravel())
    times = np.sort(draw.integers(0, PERIOD_DAYS * 86_400, (len(accounts), posts)), axis=1).ravel()
    posted = _times(NOW - timedelta(days=PERIOD_DAYS), times)
    pictures = _hashes(draw, count)
    key = {"source": _texts("source", account // (ACCOUNTS // SOURCES)), "post_id": ids}
    urls = _texts("https://cdn.example/", draw.integers(10**17, 10**18, count))
    early = _times(NOW, np.zeros(count, np.int64))
    return {
        "posts": key
        | {
            "account": names,
            "url": urls,
            "kind": _texts("image", None, count),
            "posted_at": posted,
            "caption": _texts("Forty characters of a caption, or so it is. ", ids),
            "first_seen_at": early,
            "last_seen_at": early,
        },
        "post_pictures": key
        | {"position": pa.array(np.zeros(count, np.int64)), "picture_url": urls, "sha256": pictures},
        "observations": key
        | {
            "observed_at": early,
            "likes": pa.array(np.exp(draw.normal(4 + account % 7, 1)).astype(np.int64)),
            "comments": pa.array(draw.poisson(5, count)),
            "likes_hidden": pa.array(np.zeros(count, bool)),
        },
        "fetches": {
            "picture_url": urls,
            "attempted_at": early,
            "status": _texts("ok", None, count),
            "http_status": pa.array(np.full(count, 200)),
            "sha256": pictures,
            "seconds": pa.array(np.full(count, 0.2)),
        },
        "pictures": {
            "sha256": pictures,
            "bytes": pa.array(draw.integers(10**5, 10**6, count)),
            "width": pa.array(np.full(count, 1080)),
            "height": pa.array(np.full(count, 1350)),
            "format": _texts("jpeg", None, count),
            "path": pictures,
            "fetched_at": early,
        },
        "labels": _label_rows(draw, pictures),
    }


def _label_rows(
    draw: np.random.Generator, pictures: pa.Array, classifier: str = CLASSIFIER
) -> dict[str, pa.Array]:
    """The columns of `labels` for these pictures."""
    count = len(pictures)
    picture = np.repeat(np.arange(count), LABELS_PER_POST)
    return {
        "sha256": pictures.take(pa.array(picture)),
        "classifier": _texts(classifier, None, len(picture)),
        "version": _texts("1", None, len(picture)),
        "region": pa.array(np.zeros(len(picture), np.int64)),
        "rank": pa.array(np.tile(np.arange(1, LABELS_PER_POST + 1), count)),
        "label": _texts("label ", _labels(draw, count).ravel()),
        "score": pa.array(np.sort(draw.random((count, LABELS_PER_POST)), axis=1)[:, ::-1].ravel()),
        "labelled_at": _times(NOW, np.zeros(len(picture), np.int64)),
    }


def _labels(draw: np.random.Generator, count: int) -> np.ndarray:
    """Different labels for each picture, drawn by Zipf's law: a repeated one becomes the next that is free."""
    chances = np.cumsum(1 / np.arange(1, LABELS + 1))
    labels = np.searchsorted(chances / chances[-1], draw.random((count, LABELS_PER_POST)))
    for place in range(1, LABELS_PER_POST):
        for _ in range(place):
            repeated = (labels[:, :place] == labels[:, place : place + 1]).any(axis=1)
            labels[repeated, place] = (labels[repeated, place] + 1) % LABELS
    return labels


def _hashes(draw: np.random.Generator, count: int) -> pa.Array:
    text = draw.bytes(32 * count).hex().encode()
    offsets = np.arange(0, 64 * count + 1, 64, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(text)])


def _texts(prefix: str, numbers: np.ndarray | pa.Array | None, count: int = 0) -> pa.Array:
    if numbers is None:
        return pa.array([prefix]).take(pa.array(np.zeros(count, np.int64)))
    return pa.compute.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")


def _times(begin: datetime, seconds: np.ndarray) -> pa.Array:
    micros = int(begin.timestamp()) * 1_000_000 + seconds * 1_000_000
    return pa.array(micros).cast(pa.timestamp("us", tz="UTC"))
