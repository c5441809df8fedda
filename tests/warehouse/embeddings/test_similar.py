"""Codes follow the embeddings at each publish, and `similar_pictures` and `find_similar` give the exact neighbours."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from warehouse.database.check_limits import CheckLimits
from warehouse.database.checks import check_lake, problems_of
from warehouse.database.derived.refresh import refresh_tables
from warehouse.database.publish import publish
from warehouse.embeddings.codes import BITS, encode
from warehouse.embeddings.lookup import current_versions, find_hashes, stored_vector
from warehouse.embeddings.similar import SimilarQuery, find_similar
from warehouse.embeddings.vectors import append_embeddings, read_embeddings
from warehouse.home import Home
from warehouse.published import published
from warehouse.upkeep.forgetting import forget_account

COUNT, DIMENSIONS = 120, 256


@pytest.fixture(scope="session")
def vectors() -> NDArray[np.float16]:
    """Twelve clusters of ten vectors without negative numbers."""
    chance = np.random.default_rng(4)
    centres = chance.normal(0, 1, (12, DIMENSIONS))
    values = centres[np.arange(COUNT) % 12] + chance.normal(0, 0.3, (COUNT, DIMENSIONS))
    return np.maximum(values, 0).astype(np.float16)


@pytest.fixture
def gallery(home: Home, labelled_post: Any, picture_row: Any, run_row: Any, store_rows: Any) -> Home:
    """A hundred and twenty posts of two accounts; a run that stored embeddings of the version e1."""
    rows = [
        row for n in range(COUNT) for row in labelled_post(str(n), ["cat"], n, account=("ann", "bob")[n % 2])
    ]
    run = run_row(stage="classify", lane="model", counts='{"embedding_version": "e1"}')
    store_rows(home, [run, *(picture_row(f"demo {n}") for n in range(COUNT)), *rows])
    return home


def nearest(vectors: NDArray[np.float16], number: int, top: int) -> list[int]:
    values = vectors.astype(float)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    order = np.argsort(-(values @ values[number]))
    return [int(one) for one in order if one != number][:top]


@pytest.mark.slow
def test_the_nearest_pictures_are_the_exact_ones(
    gallery: Home, vectors: NDArray[np.float16], sha: Callable[[str], str]
) -> None:
    """The macro and the command's query agree with the cosine over all; new embeddings are found after a publish."""
    hashes = [sha(f"demo {n}") for n in range(COUNT)]
    append_embeddings(gallery.lake, "model", "old", hashes[:3], vectors[:3, :5])
    append_embeddings(gallery.lake, "model", "e1", hashes[:90], vectors[:90])
    publish(gallery)
    assert append_embeddings(gallery.lake, "model", "e1", hashes, vectors) == 30
    publish(gallery)
    assert gallery.lake.count("select count(*) from embedding_codes") == COUNT
    with published(gallery) as database:
        assert current_versions(database) == {"model": "e1"}
        for number in (0, 7, 119):
            expected = nearest(vectors, number, 9)
            found = database.execute("select sha256, rank from similar_pictures(?, n := 9)", [hashes[number]])
            assert found.fetchall() == [(hashes[one], rank) for rank, one in enumerate(expected, 1)]
            vector = stored_vector(database, hashes[number], "model", "e1")
            assert vector is not None and (vector == vectors[number]).all()
            frame = find_similar(database, SimilarQuery("model", "e1", vector, 9, hashes[number]))
            assert frame["sha256"].to_list() == [hashes[one] for one in expected]
            assert frame["post_id"].to_list() == [str(one) for one in expected]
            assert frame["similarity"].is_between(0.5, 1).all()
        assert database.execute("from similar_pictures('no such hash')").fetchall() == []
        assert find_hashes(database, hashes[5][:9].upper()) == [hashes[5]]


@pytest.mark.slow
def test_an_embedding_of_zeros_is_like_no_picture(
    gallery: Home, vectors: NDArray[np.float16], sha: Callable[[str], str]
) -> None:
    """It has no direction; DuckDB would sort its similarity, which is not a number, before all others."""
    hashes = [sha(f"demo {n}") for n in range(3)]
    append_embeddings(gallery.lake, "model", "e1", hashes, np.stack([vectors[0], vectors[1], 0 * vectors[2]]))
    publish(gallery)
    with published(gallery) as database:
        found = find_similar(database, SimilarQuery("model", "e1", vectors[0], 9, hashes[0]))
        assert found["sha256"].to_list() == [hashes[1]]
        assert database.execute("select sha256 from similar_pictures(?)", hashes[:1]).fetchall() == [
            (hashes[1],)
        ]
        assert database.execute("from similar_pictures(?)", hashes[2:]).fetchall() == []


@pytest.mark.slow
def test_codes_are_those_of_a_complete_computation(
    gallery: Home, vectors: NDArray[np.float16], sha: Callable[[str], str]
) -> None:
    """After additions, a compaction, a removed account and another version; and when the table is lost."""
    hashes = [sha(f"demo {n}") for n in range(COUNT)]
    for start in range(0, COUNT, 5):
        append_embeddings(gallery.lake, "model", "e1", hashes[start : start + 5], vectors[start : start + 5])
        if start % 40 == 0:
            refresh_tables(gallery.lake)
    gallery.lake.tidy()
    assert len(gallery.lake.files("embeddings")) < 17
    refresh_tables(gallery.lake)
    rows = "from embedding_codes order by all"
    stored = gallery.lake.query(rows)
    assert len(stored) == COUNT and len(gallery.lake.files("embedding_codes")) < 5
    codes = dict(zip(hashes, encode(vectors).tolist(), strict=True))
    assert {sha256: list(bits) for sha256, _, _, *bits in stored} == codes
    shutil.rmtree(gallery.lake.folder / "embedding_codes")
    refresh_tables(gallery.lake)
    assert gallery.lake.query(rows) == stored
    assert forget_account(gallery, "ann", None).pictures == COUNT // 2
    on_disk = duckdb.sql(
        f"select distinct sha256 from '{gallery.lake.folder}/embedding_codes/*.parquet'"
    ).fetchall()
    assert {sha256 for (sha256,) in on_disk} == set(hashes[1::2])
    refresh_tables(gallery.lake)
    assert gallery.lake.query(rows) == [row for row in stored if row[0] in hashes[1::2]]


def test_bits_differ_as_often_as_the_angle_is_large() -> None:
    """For vectors without a mean, the share of differing bits is the angle by pi."""
    chance = np.random.default_rng(2)
    one, other = chance.normal(0, 1, (2, 1280))
    for share in (0.1, 0.5, 1.0):
        pair = np.stack([one, (1 - share) * one + share * other]).astype(np.float16)
        values = pair.astype(float) - pair.astype(float).mean(axis=1, keepdims=True)
        angle = np.arccos(values[0] @ values[1] / np.linalg.norm(values, axis=1).prod())
        first, second = encode(pair)
        differ = np.bitwise_count((first ^ second).view(np.uint64)).sum() / BITS
        assert differ == pytest.approx(angle / np.pi, abs=0.05)


def test_numbers_that_are_not_finite_are_stored_as_finite(home: Home, sha: Callable[[str], str]) -> None:
    """So every vector can be compared; the other numbers come back as they were."""
    vectors = np.array([[np.nan, np.inf, 1.5]], np.float16)
    append_embeddings(home.lake, "model", "e1", [sha("a")], vectors)
    [batch] = read_embeddings(home.lake, "model", "e1", "true", [], 10)
    assert batch.vectors.tolist() == [[0.0, 65504.0, 1.5]] and batch.hashes == [sha("a")]


def test_embeddings_of_other_lengths_or_unknown_pictures_stop_a_publish(
    gallery: Home, vectors: NDArray[np.float16], sha: Callable[[str], str]
) -> None:
    """The checks name the version and the first missing picture."""
    append_embeddings(gallery.lake, "model", "e1", [sha("demo 0"), sha("demo 1")], vectors[:2])
    assert problems_of(check_lake(gallery.lake, CheckLimits())) == []
    append_embeddings(gallery.lake, "model", "e1", [sha("unknown")], vectors[:1, :100])
    references, lengths = problems_of(check_lake(gallery.lake, CheckLimits()))
    assert references.startswith("embeddings: 1 values of sha256 are not in the table pictures")
    assert lengths == (
        "embeddings: the vectors of model e1 have 100 to 256 numbers, which can't be compared."
    )
