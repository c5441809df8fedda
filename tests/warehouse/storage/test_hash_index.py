"""The index of the pictures' hashes: a new picture is not compared with all stored ones, and none is stored twice."""

from __future__ import annotations

import hashlib
import multiprocessing
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from warehouse.home import Home
from warehouse.schema.picture_tables import Picture, PictureLabel
from warehouse.storage import hash_index, stored_keys
from warehouse.storage.hash_index import FOLDER
from warehouse.storage.lake import COMPACT_ABOVE_FILES, Lake


def name(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


@pytest.fixture
def pictures(picture_row: Callable[..., Picture]) -> Callable[[range], list[Picture]]:
    """Make a picture for each number, each with its hash."""
    return lambda numbers: [picture_row(f"{number}") for number in numbers]


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many data files each later append reads."""
    seen: list[int] = []
    scan = stored_keys.scan

    def record(files: Any, *others: Any, **options: Any) -> str:
        seen.append(len(files))
        return scan(files, *others, **options)

    monkeypatch.setattr(stored_keys, "scan", record)
    return seen


def indexes(home: Home) -> list[Path]:
    return sorted((home.lake.folder / FOLDER / "pictures").iterdir())


def count(home: Home) -> list[tuple[Any, ...]]:
    return home.lake.query("select count(*), count(distinct sha256) from pictures")


def test_stored_pictures_are_found_without_reading_the_table(
    home: Home, pictures: Callable[..., list[Picture]], read_files: list[int]
) -> None:
    """Batches with new and stored pictures, in several files, with the same picture twice: each counts once."""
    assert home.lake.append(pictures(range(100))) == 100
    assert home.lake.append(pictures(range(50, 150))) == 50
    assert home.lake.append([*pictures(range(140, 160)), *pictures(range(155, 165))]) == 15
    assert home.lake.append(pictures(range(165))) == 0
    assert home.lake.append([]) == 0
    assert count(home) == [(165, 165)]
    assert set(read_files) == {0}
    assert len(indexes(home)) == 3


@pytest.mark.slow
def test_every_size_of_an_index_finds_each_hash_and_no_other(
    home: Home, pictures: Callable[..., list[Picture]]
) -> None:
    """Around the size of a block, and with the first and last hash that there can be."""
    ends = ["0" * 64, "f" * 64, "0" * 63 + "1", "f" * 63 + "e"]
    [one] = pictures(range(1))
    rows = {size: pictures(range(1000 * size, 1000 * size + size)) for size in (1, 13, 14, 15, 28, 29)}
    for size, batch in rows.items():
        assert home.lake.append(batch) == size
    for batch in rows.values():
        assert home.lake.append(batch) == 0
    assert [home.lake.append([replace(one, sha256=end)]) for end in [*ends, *ends]] == [1] * 4 + [0] * 4
    assert home.lake.append(pictures(range(500))) == 500


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: bytes(len(data)),
        lambda data: data[:520],
        lambda data: b"\xff" * 64 + data[64:],
        lambda data: data[8:] + data[:8],
        lambda data: data + data,
        *(
            (lambda data, at=at: data[: at * len(data) // 9] + b"\x5a" + data[at * len(data) // 9 + 1 :])
            for at in range(1, 9)
        ),
    ],
)
def test_a_damaged_index_hides_no_stored_picture(
    home: Home, pictures: Callable[..., list[Picture]], damage: Callable[[bytes], bytes]
) -> None:
    """It is made again where a check meets the damage; the damage of a part is met by who looks there."""
    home.lake.append(pictures(range(300)))
    assert home.lake.append(pictures(range(300))) == 0
    [index] = indexes(home)
    good = index.read_bytes()
    assert damage(good) != good
    index.write_bytes(damage(good))
    assert home.lake.append(pictures(range(300))) == 0
    assert index.read_bytes() == good
    assert count(home) == [(300, 300)]


def test_the_index_of_another_file_is_not_used(home: Home, pictures: Callable[..., list[Picture]]) -> None:
    """Indexes that a restored folder mixes up, and one of an older version of the table, are made again."""
    for first in (0, 100):
        home.lake.append(pictures(range(first, first + 100)))
    assert home.lake.append(pictures(range(200))) == 0
    one, other = indexes(home)
    mixed = one.read_bytes(), other.read_bytes()
    one.write_bytes(mixed[1])
    other.write_bytes(mixed[0])
    assert home.lake.append(pictures(range(200))) == 0
    assert (one.read_bytes(), other.read_bytes()) == mixed
    table, backup = home.lake.folder / "pictures", home.folder / "backup"
    shutil.copytree(table, backup)
    home.lake.append(pictures(range(200, 300)))
    home.lake.append(pictures(range(300, 301)))
    shutil.rmtree(table)
    shutil.copytree(backup, table)
    assert home.lake.append(pictures(range(300))) == 100
    assert count(home) == [(300, 300)]


@pytest.mark.slow
def test_deleted_and_merged_pictures_are_not_in_the_index(
    home: Home, pictures: Callable[..., list[Picture]], read_files: list[int]
) -> None:
    """A deleted picture can be stored again, a merge loses none, and purging leaves no hash behind."""
    for number in range(COMPACT_ABOVE_FILES + 2):
        home.lake.append(pictures(range(10 * number, 10 * number + 10)))
    last = 10 * (COMPACT_ABOVE_FILES + 2)
    home.lake.tidy()
    assert len(home.lake.files("pictures")) < COMPACT_ABOVE_FILES
    assert home.lake.append(pictures(range(last))) == 0
    assert len(indexes(home)) == len(home.lake.files("pictures"))
    home.lake.delete("pictures", "sha256", [name(3)])
    home.lake.purge(["pictures"])
    assert not (home.lake.folder / FOLDER / "pictures").exists()
    assert home.lake.append(pictures(range(last))) == 1
    assert count(home) == [(last, last)]
    assert set(read_files) == {0}


def test_without_an_index_the_table_is_read(
    home: Home,
    pictures: Callable[..., list[Picture]],
    picture_row: Callable[..., Picture],
    read_files: list[int],
    caplog: Any,
) -> None:
    """Where it can't be written, or a file has a key that is no hash, appends take longer and count once, too."""
    (home.lake.folder / FOLDER).write_text("no folder")
    home.lake.append(pictures(range(10)))
    assert home.lake.append(pictures(range(12))) == 2
    assert read_files[-1] == 1
    assert "can't be written" in caplog.text
    (home.lake.folder / FOLDER).unlink()
    home.lake.append([picture_row("", sha256="no hash")])
    assert home.lake.append([picture_row("", sha256="no hash"), *pictures(range(13))]) == 1
    assert home.lake.append(pictures(range(14))) == 1
    assert count(home) == [(15, 15)]


def _append(folder: Path, batches: list[list[Picture]], begin: Any, added: Any) -> None:
    lake = Lake(folder)
    begin.wait(300)
    added.put(sum(lake.append(batch) for batch in batches))


@pytest.mark.slow
def test_two_writers_at_once_store_each_picture_once(
    home: Home, pictures: Callable[..., list[Picture]]
) -> None:
    """Two processes append overlapping batches, and what they report is what the table has."""
    batches = [pictures(range(20 * number, 20 * number + 40)) for number in range(8)]
    context = multiprocessing.get_context("spawn")
    begin, added = context.Barrier(2), context.Queue()
    orders = (batches, batches[::-1])
    processes = [
        context.Process(target=_append, args=(home.lake.folder, order, begin, added)) for order in orders
    ]
    for process in processes:
        process.start()
    assert sum(added.get(timeout=600) for _ in processes) == 180
    for process in processes:
        process.join(600)
    assert count(home) == [(180, 180)]


@pytest.fixture
def labels(
    label_row: Callable[..., PictureLabel], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., list[PictureLabel]]:
    """Make two labels for the picture of each number; their files have an index, however few rows they have."""
    monkeypatch.setattr(hash_index, "MIN_ROWS", 1)
    return lambda numbers, **changes: [
        label_row(f"{number}", f"label {rank}", rank=rank, **changes) for number in numbers for rank in (1, 2)
    ]


def test_labels_of_new_pictures_are_added_without_reading_the_table(
    home: Home, labels: Callable[..., list[PictureLabel]], read_files: list[int]
) -> None:
    """However many are stored: no file has one of the pictures."""
    for first in range(0, 150, 50):
        assert home.lake.append(labels(range(first, first + 50))) == 100
    assert read_files == [0, 0, 0]
    assert home.lake.append(labels(range(149, 151))) == 2
    assert read_files == [0, 0, 0, 1]


def test_labels_count_once_with_an_index(
    home: Home, labels: Callable[..., list[PictureLabel]], label_row: Callable[..., PictureLabel]
) -> None:
    """Of a stored picture, another label, version or classifier is new, and the same label is not."""
    assert home.lake.append(labels(range(50))) == 100
    assert home.lake.append(labels(range(50))) == 0
    assert home.lake.append([*labels(range(40, 60)), label_row("7", "third", rank=3)]) == 21
    assert home.lake.append(labels(range(50), version="2")) == 100
    assert home.lake.append(labels(range(60), classifier="other")) == 120
    assert home.lake.append(labels(range(60), classifier="other")) == 0
    rows = "select count(*), count(distinct (sha256, classifier, version, region, rank)) from labels"
    assert home.lake.query(rows) == [(341, 341)]


def test_a_damaged_index_doubles_no_label(home: Home, labels: Callable[..., list[PictureLabel]]) -> None:
    """It is made again, as one of pictures is."""
    home.lake.append(labels(range(50)))
    assert home.lake.append(labels(range(50))) == 0
    [index] = (home.lake.folder / FOLDER / "labels").iterdir()
    index.write_bytes(index.read_bytes()[:-9])
    assert home.lake.append(labels(range(60))) == 20


def test_small_files_of_labels_get_no_index(home: Home, label_row: Callable[..., PictureLabel]) -> None:
    """To read them takes no longer."""
    for _ in range(2):
        home.lake.append([label_row("one", "cat")])
    assert not (home.lake.folder / FOLDER / "labels").exists()
