"""`python -m benchmarks.similar [--pictures 1000000] [--folder FOLDER]`.

It writes a home with generated embeddings (2.1 GB for a million), publishes it, and times `similar_pictures` and the
query of `likelens similar`. Recall is measured against the exact cosine with all vectors.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.similar.vectors import BLOCK, clustered_vectors
from warehouse.embeddings.similar import SimilarQuery, find_similar
from warehouse.embeddings.vectors import append_embeddings
from warehouse.home import Home
from warehouse.publish import publish, published
from warehouse.runs import StageResult, begin_run
from warehouse.tables import TABLES

CLASSIFIER, VERSION = "objects", "generated-1"
QUERIES = 20
TOP = 20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Home(options.folder or Path(temporary))
        if not home.database.exists():
            timed("embeddings stored", lambda: build(home, options.pictures))
            timed("published, with codes", lambda: publish(home))
            timed("published again", lambda: publish(home))
        measure(home, options.pictures)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory {peak:,.0f} MB")


def timed(name: str, work) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    """Run `work`, and print its time."""
    began, cpu = time.monotonic(), time.process_time()
    work()
    print(f"{name}: {time.monotonic() - began:,.1f} s, {time.process_time() - cpu:,.1f} s of CPU", flush=True)


def hashes_of(count: int) -> list[str]:
    """The pictures' hashes in order, as a lane stores them."""
    return sorted(hashlib.sha256(str(number).encode()).hexdigest() for number in range(count))


def build(home: Home, count: int) -> None:
    """Store pictures, embeddings, and the journal of a run."""
    home.prepare()
    hashes = hashes_of(count)
    now = datetime(2026, 11, 1, tzinfo=UTC)
    for number, vectors in enumerate(clustered_vectors(count)):
        some = hashes[number * BLOCK : (number + 1) * BLOCK]
        same = {"bytes": 1, "width": 1, "height": 1, "format": "jpeg", "fetched_at": now}
        columns = {name: [value] * len(some) for name, value in same.items()}
        missing = dict.fromkeys(("copy_sha256", "copy_bytes", "reduced_at"), [None] * len(some))
        rows = {"sha256": some, "path": [f"pictures/{one}.jpg" for one in some], **columns, **missing}
        home.lake.append_arrow("pictures", pa.Table.from_pydict(rows, schema=TABLES["pictures"].schema))
        append_embeddings(home.lake, CLASSIFIER, VERSION, some, vectors)
    journal = begin_run(home.lake)
    counts = f'{{"embedding_version": "{VERSION}"}}'
    journal.start("classify", CLASSIFIER)
    journal.finish("classify", CLASSIFIER, StageResult("done", count, version="1", counts=counts))


def measure(home: Home, count: int) -> None:
    """Time queries, and compare their results with the exact ones."""
    hashes = hashes_of(count)
    chosen = np.random.default_rng(5).choice(count, QUERIES, replace=False)
    exact, vectors = exact_neighbours(chosen, count)
    for name in ("similar_pictures", "likelens similar"):
        found, seconds, cpu = 0, [], []
        with published(home) as database:
            for position, number in enumerate(chosen):
                began, used = time.monotonic(), time.process_time()
                if name == "similar_pictures":
                    rows = database.execute(
                        "select sha256 from similar_pictures(?, n := ?)", [hashes[number], TOP]
                    ).fetchall()
                else:
                    query = SimilarQuery(CLASSIFIER, VERSION, vectors[position], TOP, hashes[number])
                    rows = find_similar(database, query).select("sha256").rows()
                seconds.append(time.monotonic() - began)
                cpu.append(time.process_time() - used)
                found += len({sha256 for (sha256,) in rows} & {hashes[one] for one in exact[position]})
        print(
            f"{name}: median {np.median(seconds):.2f} s, slowest {max(seconds):.2f} s, {np.median(cpu):.2f} s of CPU,"
            f" recall of the {TOP} nearest {found / TOP / QUERIES:.3f}",
            flush=True,
        )


def exact_neighbours(
    chosen: NDArray[np.int64], count: int
) -> tuple[list[NDArray[np.int64]], NDArray[np.float16]]:
    """For each chosen picture the numbers of its `TOP` nearest others, and the chosen vectors."""
    picked = {}
    for number, block in enumerate(clustered_vectors(count)):
        for one in chosen:
            if number * BLOCK <= one < number * BLOCK + len(block):
                picked[one] = block[one - number * BLOCK]
    vectors = np.stack([picked[one] for one in chosen])
    asked = vectors.astype(np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    parts = []
    for block in clustered_vectors(count):
        values = block.astype(np.float32)
        parts.append((values @ asked.T) / np.linalg.norm(values, axis=1, keepdims=True))
    cosines = np.concatenate(parts)
    cosines[chosen, range(QUERIES)] = -2
    return [np.argpartition(-cosines[:, one], TOP)[:TOP] for one in range(QUERIES)], vectors


if __name__ == "__main__":
    main()
