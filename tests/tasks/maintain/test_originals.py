"""Smaller copies of old pictures: what they are, and that a kill at any moment loses nothing."""

from __future__ import annotations

import hashlib
import io
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tasks.maintain.originals import LONGEST_SIDE, reduce_originals
from warehouse.home import Home
from warehouse.records.pending import pictures_to_label
from warehouse.schema.picture_tables import Picture
from warehouse.upkeep.picture_files import check_pictures, remove_leftovers

NOW = datetime.now(UTC)
OLD = NOW - timedelta(days=40)
KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from tasks.maintain import originals
from warehouse.home import Home
from warehouse.storage.lake import Lake

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

step = sys.argv[2]
if step == "copy":
    os.fsync = die
elif step == "row":
    Lake.upsert = die
else:
    Path.unlink = die
originals.reduce_originals(Home(Path(sys.argv[1])), datetime.now(UTC), lambda *_: None)
"""


def photograph(width: int, height: int, seed: int, **options: object) -> bytes:
    """A JPEG with smooth areas and some noise."""
    base = Image.linear_gradient("L").resize((width, height))
    noise = Image.effect_noise((width, height), 10 + seed)
    buffer = io.BytesIO()
    Image.merge("RGB", (base, noise, base.rotate(180))).save(buffer, "JPEG", quality=92, **options)
    return buffer.getvalue()


@pytest.fixture
def store(tmp_path: Path, empty_home: Home) -> Callable[..., Picture]:
    """Store a picture in the home folder `tmp_path/home`, as a fetch does."""
    home = Home(shutil.copytree(empty_home.folder, tmp_path / "home"))

    def add(data: bytes, fetched_at: datetime = OLD) -> Picture:
        with Image.open(io.BytesIO(data)) as image:
            width, height, kind = *image.size, str(image.format).lower()
        sha256 = hashlib.sha256(data).hexdigest()
        ending = {"jpeg": "jpg"}.get(kind, kind)
        path = f"pictures/{sha256[:2]}/{sha256}.{ending}"
        (home.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (home.folder / path).write_bytes(data)
        row = Picture(
            sha256=sha256,
            bytes=len(data),
            width=width,
            height=height,
            format=kind,
            path=path,
            fetched_at=fetched_at,
        )
        home.lake.append([row])
        return row

    return add


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """The home folder of `store`."""
    return Home(tmp_path / "home")


def rows(home: Home) -> dict[str, Picture]:
    with home.lake.reader("from pictures") as reader:
        return {row.sha256: row for row in Picture.fetch(reader.execute("from pictures"))}


def reduce(home: Home) -> tuple[int, int]:
    result = reduce_originals(home, NOW - timedelta(days=30), lambda *_: None)
    return result.copies, result.saved


@pytest.mark.slow
def test_an_old_large_picture_becomes_a_smaller_copy_of_it(home: Home, store: Callable[..., Picture]) -> None:
    """The copy is a WebP of 768 pixels under the hash of its original, whose file is gone; sizes stay in the row."""
    before = store(photograph(2000, 1500, 1))
    assert reduce(home)[0] == 1
    after = rows(home)[before.sha256]
    file = home.folder / after.path
    with Image.open(file) as image:
        assert (image.format, image.size) == ("WEBP", (LONGEST_SIDE, 576))
    assert (after.width, after.height, after.bytes, after.format) == (2000, 1500, before.bytes, "jpeg")
    assert after.copy_sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert after.copy_bytes == file.stat().st_size < before.bytes / 3
    assert after.reduced_at is not None and after.reduced_at >= NOW
    assert [path.name for path in home.pictures.rglob("*.*") if path.is_file()] == [file.name]
    assert check_pictures(home, check_all=True, progress=lambda *_: None).damaged == ()
    assert reduce(home) == (0, 0)
    [[pending]] = pictures_to_label(home.lake, "c", "1", 10)
    assert (pending.path, pending.copy_sha256) == (after.path, after.copy_sha256)


@pytest.mark.slow
def test_young_small_and_dense_pictures_stay(home: Home, store: Callable[..., Picture]) -> None:
    """So do pictures that are damaged or missing, and those that can't be decoded; none is lost."""
    young = store(photograph(1000, 800, 1), NOW)
    small = store(photograph(700, 768, 2))
    damaged, missing = store(photograph(1200, 800, 4)), store(photograph(1200, 800, 5))
    dense = io.BytesIO()
    with Image.open(io.BytesIO(photograph(900, 600, 3))) as image:
        image.save(dense, "WEBP", quality=5)
    flat = store(dense.getvalue())
    (home.folder / damaged.path).write_bytes(b"other bytes")
    (home.folder / missing.path).unlink()
    files = {path: path.read_bytes() for path in home.pictures.rglob("*.*") if path.is_file()}
    copies, _ = reduce(home)
    assert copies == 0
    assert {path: path.read_bytes() for path in files} == files
    found = rows(home)
    assert all(found[one.sha256] == one for one in (young, small, damaged, missing))
    assert found[flat.sha256].reduced_at is not None and found[flat.sha256].path == flat.path
    findings = check_pictures(home, check_all=True, progress=lambda *_: None)
    assert (findings.missing, findings.damaged) == ((missing.path,), (damaged.path,))


def test_a_copy_is_upright_and_has_nothing_else_of_its_original(
    home: Home, store: Callable[..., Picture]
) -> None:
    """A picture that is stored sideways is turned, and its comment and colour profile are gone."""
    exif = Image.Exif()
    exif[0x0112] = 6
    before = store(
        photograph(1600, 1000, 3, exif=exif, comment=b"secret place", icc_profile=b"secret profile")
    )
    assert reduce(home)[0] == 1
    data = (home.folder / rows(home)[before.sha256].path).read_bytes()
    with Image.open(io.BytesIO(data)) as image:
        assert image.size == (480, LONGEST_SIDE)
    assert b"secret" not in data and b"EXIF" not in data and b"ICCP" not in data


@pytest.mark.slow
@pytest.mark.parametrize("step", ["copy", "row", "original"])
def test_a_kill_at_any_step_loses_nothing(
    home: Home, store: Callable[..., Picture], start_process: Callable[..., Any], step: str
) -> None:
    """The row names a file with its bytes after the kill, and the next time ends with one file for each picture."""
    stored = [store(photograph(1500, 900, seed)) for seed in range(3)]
    ended = start_process(KILLED, home.folder, step)
    assert ended.wait(600) == -signal.SIGKILL
    findings = check_pictures(home, check_all=True, progress=lambda *_: None)
    assert (findings.checked, findings.missing, findings.damaged) == (3, (), ())
    reduce(home)
    remove_leftovers(home)
    names = sorted(path.name for path in home.pictures.rglob("*") if path.is_file())
    assert names == sorted(f"{one.sha256}.small.webp" for one in stored)
    assert not check_pictures(home, check_all=True, progress=lambda *_: None).damaged
