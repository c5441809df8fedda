"""A home folder with synthetic posts of 1,000 accounts in 100 sources, written in parts, so that memory stays small.

Likes are log-normal around the account's level, labels follow Zipf's law, and each post has a picture with five labels.
Rows are sorted by numbers before their texts are made, because to sort texts takes several times as long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
URL = "https://cdn.example/"


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
        draw = np.random.default_rng(seed + first)
        pictures = draw.integers(0, 256, (len(accounts) * posts, 32), dtype=np.uint8)
        for name, columns in _tables(draw, accounts, posts, pictures):
            _append(home, name, columns)
        for number, classifier in enumerate((CLASSIFIER, *others)):
            draw = np.random.default_rng([seed + first, number])
            _append(home, "labels", _label_rows(draw, pictures, classifier))
    journal = begin_run(home.lake)
    for classifier in (CLASSIFIER, *others):
        journal.start("classify", classifier)
        journal.finish("classify", classifier, StageResult("done", posts, version="1"))
    journal.finish("run", "", StageResult("done"))
    publish(home)


def _append(home: Home, name: str, columns: dict[str, pa.Array]) -> None:
    """Write files of sorted rows as the lake's compaction would, without a check of keys, which are new."""
    table, folder = TABLES[name], home.lake.folder / name
    length = len(next(iter(columns.values())))
    arrays = [columns[c.name] if c.name in columns else pa.nulls(length, c.type) for c in table.columns]
    rows = pa.Table.from_arrays(arrays, schema=table.schema)
    files = write_files(folder, table, rows.to_batches(), rows_per_file(table, length))
    log = sorted((folder / "_delta_log").glob("*.json"))
    commit_files(folder, int(log[-1].stem), [], files, changes=True)


def _tables(
    draw: np.random.Generator, accounts: np.ndarray, posts: int, pictures: np.ndarray
) -> Iterator[tuple[str, dict[str, pa.Array]]]:
    """The rows of these accounts by table and column, in the table's order; `pictures` are the hashes."""
    count = len(accounts) * posts
    account = np.repeat(accounts, posts)
    source = account // (ACCOUNTS // SOURCES)
    ids, addresses = (draw.integers(10**17, 10**18, count) for _ in range(2))
    times = draw.integers(0, PERIOD_DAYS * 86_400, count)
    # The sources have other places in the order of their names than in that of their numbers.
    places = np.argsort(np.argsort([f"source{number}" for number in range(SOURCES)]))
    order = np.lexsort((ids, places[source]))
    account, source, ids, addresses, sorted_pictures = (
        values[order] for values in (account, source, ids, addresses, pictures)
    )
    # Ids grow with time within an account, as those of a site do.
    posted = np.empty(count, np.int64)
    posted[np.lexsort((ids, account))] = times[np.lexsort((times, np.sort(account)))]
    key = {"source": _names("source", source), "post_id": _texts("", ids)}
    urls, hashes = _texts(URL, addresses), _hex(sorted_pictures)
    early = _times(NOW, np.zeros(count, np.int64))
    yield (
        "posts",
        key
        | {
            "account": _names("account", account),
            "url": urls,
            "kind": pa.repeat("image", count),
            "posted_at": _times(NOW - timedelta(days=PERIOD_DAYS), posted),
            "caption": _texts("Forty characters of a caption, or so it is. ", ids),
            "first_seen_at": early,
            "last_seen_at": early,
        },
    )
    yield (
        "post_pictures",
        key
        | {
            "position": pa.array(np.zeros(count, np.int64)),
            "picture_url": urls,
            "sha256": hashes,
        },
    )
    yield (
        "observations",
        key
        | {
            "observed_at": early,
            "likes": pa.array(np.exp(draw.normal(4 + account % 7, 1)).astype(np.int64)),
            "comments": pa.array(draw.poisson(5, count)),
            "likes_hidden": pa.array(np.zeros(count, bool)),
        },
    )
    yield from _picture_tables(draw, addresses, sorted_pictures)


def _picture_tables(
    draw: np.random.Generator, addresses: np.ndarray, pictures: np.ndarray
) -> Iterator[tuple[str, dict[str, pa.Array]]]:
    """The same for the tables without posts: each picture at its address."""
    count, order = len(pictures), np.argsort(addresses)
    early = _times(NOW, np.zeros(count, np.int64))
    yield (
        "fetches",
        {
            "picture_url": _texts(URL, addresses[order]),
            "attempted_at": early,
            "status": pa.repeat("ok", count),
            "http_status": pa.array(np.full(count, 200)),
            "sha256": _hex(pictures[order]),
            "seconds": pa.array(np.full(count, 0.2)),
        },
    )
    hashes = _hex(_sorted(pictures))
    yield (
        "pictures",
        {
            "sha256": hashes,
            "bytes": pa.array(draw.integers(10**5, 10**6, count)),
            "width": pa.array(np.full(count, 1080)),
            "height": pa.array(np.full(count, 1350)),
            "format": pa.repeat("jpeg", count),
            "path": hashes,
            "fetched_at": early,
        },
    )


def _label_rows(draw: np.random.Generator, pictures: np.ndarray, classifier: str) -> dict[str, pa.Array]:
    """The columns of `labels` for the pictures with these hashes."""
    count = len(pictures)
    length = count * LABELS_PER_POST
    return {
        "sha256": _hex(np.repeat(_sorted(pictures), LABELS_PER_POST, axis=0)),
        "classifier": pa.repeat(classifier, length),
        "version": pa.repeat("1", length),
        "region": pa.array(np.zeros(length, np.int64)),
        "rank": pa.array(np.tile(np.arange(1, LABELS_PER_POST + 1), count)),
        "label": _names("label ", _labels(draw, count).ravel()),
        "score": pa.array(np.sort(draw.random((count, LABELS_PER_POST)), axis=1)[:, ::-1].ravel()),
        "labelled_at": _times(NOW, np.zeros(length, np.int64)),
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


def _sorted(pictures: np.ndarray) -> np.ndarray:
    """Hashes in the order of their first eight bytes, which differ."""
    return pictures[np.argsort(np.ascontiguousarray(pictures[:, :8]).view(">u8").ravel())]


def _hex(hashes: np.ndarray) -> pa.Array:
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = np.empty((len(hashes), 64), np.uint8)
    text[:, ::2], text[:, 1::2] = digits[hashes >> 4], digits[hashes & 15]
    offsets = np.arange(0, text.size + 1, 64, dtype=np.int32)
    return pa.Array.from_buffers(pa.string(), len(text), [None, pa.py_buffer(offsets), pa.py_buffer(text)])


def _texts(prefix: str, numbers: np.ndarray) -> pa.Array:
    """A text for each number."""
    return pa.compute.binary_join_element_wise(prefix, pa.array(numbers).cast(pa.string()), "")


def _names(prefix: str, numbers: np.ndarray) -> pa.Array:
    """The same for few different numbers from 0 on."""
    return _texts(prefix, np.arange(numbers.max() + 1)).take(pa.array(numbers))


def _times(begin: datetime, seconds: np.ndarray) -> pa.Array:
    micros = int(begin.timestamp()) * 1_000_000 + seconds * 1_000_000
    return pa.array(micros).cast(pa.timestamp("us", tz="UTC"))
