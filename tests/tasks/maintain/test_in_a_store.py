"""Maintenance of pictures in an object store: smaller copies, leftovers, missing and damaged ones."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.maintain.originals import reduce_originals
from warehouse.home import Home
from warehouse.schema.picture_tables import Picture
from warehouse.upkeep import picture_files
from warehouse.upkeep.picture_files import check_pictures, remove_leftovers

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)


@pytest.fixture
def home(s3: Any, tmp_path: Path) -> Home:
    """A new home in an object store."""
    home = Home(tmp_path / "work", s3.store())
    home.prepare()
    return home


@pytest.fixture
def store(home: Home) -> Callable[[int], Picture]:
    """Store a large picture with its row."""

    def add(number: int) -> Picture:
        written = io.BytesIO()
        Image.linear_gradient("L").resize((1500, 1000 + number)).convert("RGB").save(written, "PNG")
        data = written.getvalue()
        sha256 = hashlib.sha256(data).hexdigest()
        path = f"pictures/{sha256[:2]}/{sha256}.png"
        home.picture_files.put(path, data)
        picture = Picture(
            sha256=sha256,
            bytes=len(data),
            width=1500,
            height=1000 + number,
            format="png",
            path=path,
            fetched_at=NOW - timedelta(days=40),
        )
        home.lake.append([picture])
        return picture

    return add


def names(s3: Any) -> set[str]:
    """The picture objects."""
    return {one.name for one in s3.store().list("pictures")}


def test_a_smaller_copy_replaces_the_original_in_the_store(
    s3: Any, home: Home, store: Callable[[int], Picture]
) -> None:
    """The store has the copy in its place, with the bytes that its row says."""
    originals = [store(number) for number in range(2)]
    assert reduce_originals(home, NOW, lambda *_: None).copies == 2
    assert names(s3) == {one.path.replace(".png", ".small.webp") for one in originals}
    found = check_pictures(home, check_all=True, progress=lambda *_: None)
    assert (found.checked, found.missing, found.damaged) == (2, (), ())


def test_missing_and_damaged_pictures_are_found(home: Home, store: Callable[[int], Picture]) -> None:
    """They are compared with their hashes, as files on a disk are."""
    missing, damaged, _ = (store(number) for number in range(3))
    home.picture_files.delete([missing.path])
    home.picture_files.put(damaged.path, b"other bytes")
    found = check_pictures(home, check_all=True, progress=lambda *_: None)
    assert (found.missing, found.damaged) == ((missing.path,), (damaged.path,))


def test_leftovers_are_deleted_when_no_run_can_need_them(
    s3: Any, home: Home, store: Callable[[int], Picture], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture without a row stays for a day, because a run elsewhere may be about to store its row."""
    stored = store(0)
    leftover = f"pictures/ab/{'ab' * 32}.jpg"
    home.picture_files.put(leftover, b"left by a killed run")
    assert remove_leftovers(home) == (0, 0)
    assert leftover in names(s3)
    with monkeypatch.context() as patch:
        patch.setattr(picture_files, "UNFINISHED", timedelta(seconds=-5))
        assert remove_leftovers(home) == (1, 20)
    assert names(s3) == {stored.path}
    home.picture_files.put(leftover, b"left by a killed run")
    assert remove_leftovers(home, shared=False) == (1, 20)
