"""Pictures in an object store: put from memory, read, listed, checked and deleted."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from warehouse.errors import StoreUnavailable
from warehouse.pictures.files import PictureFiles
from warehouse.pictures.local import LocalPictures
from warehouse.pictures.stored import StoredPictures

HASHES = {data: f"{number:064x}" for number, data in enumerate((b"one", b"two", b"three"), 0xA0 << 248)}
PATHS = {data: f"pictures/{sha256[:2]}/{sha256}.jpg" for data, sha256 in HASHES.items()}


@pytest.fixture
def stored(s3: Any, tmp_path: Path) -> StoredPictures:
    """The pictures of a new home in an object store."""
    return StoredPictures(s3.store(), tmp_path / "work")


@pytest.fixture(params=["local", "stored"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> PictureFiles:
    """Pictures on a disk, and in an object store."""
    if request.param == "stored":
        return request.getfixturevalue("stored")
    files = LocalPictures(tmp_path / "work")
    files.open_incoming()
    return files


def test_both_places_do_the_same(files: PictureFiles, tmp_path: Path) -> None:
    """What is put or moved in is read, listed and described alike, until it is deleted."""
    files.put(PATHS[b"one"], b"one")
    files.put(PATHS[b"two"], b"two", durable=True)
    incoming = tmp_path / "incoming"
    incoming.write_bytes(b"three")
    files.move_in(str(incoming), PATHS[b"three"])
    assert not incoming.exists()
    for data, path in PATHS.items():
        assert files.source(path).read_bytes() == data
        assert files.source_ahead(path).read_bytes() == data
        assert files.exists(path)
        found = files.describe(path)
        assert found is not None
        assert (found.path, found.bytes) == (path, len(data))
        assert datetime.now(UTC) - found.modified < timedelta(hours=1)
    assert sorted(files.paths("a0")) == sorted(PATHS.values())
    assert list(files.paths("b0")) == list(files.paths("a1")) == []
    files.delete([PATHS[b"one"], PATHS[b"two"], "pictures/a0/missing.jpg"])
    assert list(files.paths("a0")) == [PATHS[b"three"]]
    assert not files.exists(PATHS[b"one"])
    assert files.describe(PATHS[b"one"]) is None


def test_a_missing_picture_is_a_missing_file(files: PictureFiles) -> None:
    """Reading it raises what reading a missing file raises, and it has no hash."""
    for source in (files.source(PATHS[b"one"]), files.source_ahead(PATHS[b"one"])):
        with pytest.raises(FileNotFoundError):
            source.read_bytes()
    assert not files.has_hash(PATHS[b"one"], HASHES[b"one"])


def test_no_copy_stays_on_the_disk(stored: StoredPictures, tmp_path: Path) -> None:
    """After pictures are put and read, the work folder has no file."""
    stored.open_incoming()
    incoming = stored.incoming / "0"
    incoming.write_bytes(b"large")
    stored.move_in(str(incoming), PATHS[b"one"])
    stored.put(PATHS[b"two"], b"two", str(stored.incoming / "1"))
    assert stored.source(PATHS[b"one"]).read_bytes() == b"large"
    assert [file for file in tmp_path.rglob("*") if file.is_file()] == []


def test_a_store_that_fails_is_not_a_missing_picture(s3: Any, tmp_path: Path) -> None:
    """A run must stop then, instead of noting each picture as missing."""
    files = StoredPictures(s3.store(retry_seconds=0.5), tmp_path)
    files.put(PATHS[b"one"], b"one")
    s3.fail(status=503, code="SlowDown")
    with pytest.raises(StoreUnavailable):
        files.source_ahead(PATHS[b"one"]).read_bytes()


def test_slow_and_failing_requests_lose_nothing(s3: Any, stored: StoredPictures) -> None:
    """With delays, errors and cut connections, each picture is stored and read once complete."""
    s3.fail_at_random(seed=3, rate=0.3)
    for data, path in PATHS.items():
        stored.put(path, data)
    assert [stored.source_ahead(path).read_bytes() for path in PATHS.values()] == list(PATHS)
    assert sorted(stored.paths("a0")) == sorted(PATHS.values())


def test_a_path_of_this_machine_names_a_stored_picture(stored: StoredPictures, tmp_path: Path) -> None:
    """A table of a trained category names stored pictures below the work folder; other files are themselves."""
    stored.put(PATHS[b"one"], b"one")
    named = stored.folder / "trained" / "red" / ".." / ".." / PATHS[b"one"]
    assert stored.source_of(named).read_bytes() == b"one"
    own = tmp_path / "own.jpg"
    own.write_bytes(b"own")
    assert stored.source_of(own) == own


def test_it_can_be_sent_to_another_process(stored: StoredPictures) -> None:
    """The download processes get it through a pipe."""
    again = pickle.loads(pickle.dumps(stored))  # noqa: S301 - its own bytes
    again.put(PATHS[b"one"], b"one")
    assert stored.has_hash(PATHS[b"one"], "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed")
