"""Every error of ours has its reaction, and errors of libraries become ours at their boundary."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import aiohttp.client_exceptions
import deltalake.exceptions
import duckdb
import grpc
import pytest
import scrapy.exceptions
import twisted.internet.error

from classifiers import registry
from classifiers.clarifai.options import ClarifaiOptions
from classifiers.clarifai.statuses import Reaction, status_of_grpc
from classifiers.errors import ClassifierUnavailable
from classifiers.litert import LitertOptions
from classifiers.onnx import OnnxOptions
from tasks.errors import REACTIONS, AccountNotFound, SourceUnreachable, reaction
from tasks.fetch import download
from tasks.run import Run, run_stage
from tasks.scrape.crawl.failures import failure_of
from tasks.tag.stage import Tagging, tag_pictures
from warehouse.errors import LakeBusy, LakeDamaged
from warehouse.home import Home
from warehouse.records.runs import Journal
from warehouse.schema.picture_tables import Picture
from warehouse.storage.damage import detect_damage

INTERNAL = {
    "StageError": "a base class; nothing raises it",
    "ChangesUnknown": "the table is computed completely instead",
    "WarehouseError": "a base class; nothing raises it",
    "ClassifierError": "a base class; nothing raises it",
    "SettingsError": "the command line and the flow report it before a stage starts",
    "UnreadablePicture": "a lane and the thumbnails skip the picture; a row has the reason",
    "PictureTooLarge": "an UnreadablePicture; the row has its own reason",
    "DamagedTopics": "the topics of the language are found again",
    "FileChangedError": "an OSError; the lane counts the picture as missing",
    "AmbiguousNames": "becomes ClassifierUnavailable where the names are read",
    "BrokenBoxes": "a picture's repair ends, and Pillow's error stands",
    "_Failed": "becomes the status of one request",
    "_Refused": "becomes the outcome of one picture, refused",
    "_ResponseTooLong": "becomes the status of one request",
    "_Unusable": "becomes the outcome of one picture, unusable",
    "MissingFile": "a value in the decoded pictures, never raised",
    "ConflictingRow": "a RowError; the row is skipped with the reason",
    "LeadsAway": "becomes SourceRefused",
    "RobotsUnavailable": "becomes SourceUnreachable",
    "NeedsDecode": "the body is decoded in a thread instead",
    "RejectedPicture": "becomes the reason of one attempt to download",
    "PrivateAddress": "becomes the reason of one attempt to download",
    "TimeOutOfRange": "a date that no selector accepts; the page reports it",
    "AmbiguousCount": "a ValueError; the row that has the value is skipped with the reason",
    "RowError": "a row of a file is skipped with the reason",
    "WorkerDied": "the item is tried again alone, then split; a picture gets a row with the reason",
    "JoinRefused": "the worker of a cluster takes no part in a fetch; the others go on",
    "_DamagedIndex": "the index of a data file is made again",
    "UnreadableFile": "becomes BadInput, or a problem of the page, where the file is read",
}
"""Exceptions that never reach the end of a stage, each with what happens to them."""


def own_exceptions() -> set[type[Exception]]:
    """All exception classes that our modules define."""
    found = set()
    for room in ("flows", "tasks", "classifiers", "warehouse"):
        package = importlib.import_module(room)
        for entry in pkgutil.walk_packages(package.__path__, f"{room}."):
            module = importlib.import_module(entry.name)
            found |= {
                value
                for value in vars(module).values()
                if inspect.isclass(value) and issubclass(value, Exception) and value.__module__ == entry.name
            }
    return found


def test_every_exception_of_ours_has_a_reaction_or_stays_internal() -> None:
    """A new exception class needs a row in REACTIONS or a reason here; a removed one leaves the list."""
    classes = own_exceptions()
    unmapped = [one.__name__ for one in classes if not any(kind in REACTIONS for kind in one.__mro__)]
    assert sorted(unmapped) == sorted(INTERNAL)  # lists, because two classes may have the same name
    assert REACTIONS.keys() <= classes


def picture(number: int) -> Picture:
    """A row of the table `pictures`."""
    return Picture(
        sha256=f"{number:064x}", bytes=1, width=1, height=1, format="jpeg", path=f"{number}.jpg",
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip


@pytest.fixture(scope="module")
def stored(empty_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home folder with one Parquet file of pictures."""
    home = Home(shutil.copytree(empty_home.folder, tmp_path_factory.mktemp("stored") / "home"))
    home.lake.append([picture(number) for number in range(5)])
    return home


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def garble(file: Path) -> None:
    data = file.read_bytes()
    file.write_bytes(data[:4] + bytes(60) + data[64:])


def read(home: Home) -> None:
    with home.lake.reader() as reader:
        reader.execute("select * from pictures").fetchall()


@pytest.mark.parametrize("damage", [cut, garble, Path.unlink])
def test_a_damaged_parquet_file_is_a_damaged_lake(damage, stored: Home, tmp_path: Path) -> None:
    """Reading, appending, updating and deleting all report the folder of the lake."""
    home = Home(shutil.copytree(stored.folder, tmp_path / "home"))
    (file,) = home.lake.files("pictures")
    damage(Path(file))
    for work in (
        lambda: read(home),
        # A row with another key would not read the damaged file, which can't have it.
        lambda: home.lake.append([picture(1)]),
        lambda: home.lake.upsert([replace(picture(1), bytes=7)]),
        lambda: home.lake.delete("pictures", "sha256", [picture(1).sha256]),
    ):
        with pytest.raises(LakeDamaged) as raised:
            work()
        assert str(home.lake.folder) in str(raised.value)


@pytest.mark.parametrize("damage", ["garbage", "not a folder"])
def test_a_damaged_log_is_a_damaged_lake(damage: str, stored: Home, tmp_path: Path) -> None:
    """The errors of delta-rs, and its plain OSError, name the table."""
    home = Home(shutil.copytree(stored.folder, tmp_path / "home"))
    log = home.lake.folder / "pictures" / "_delta_log"
    if damage == "garbage":
        for file in log.glob("*.json"):
            file.write_bytes(b"\xff{garbage")
    else:
        shutil.rmtree(log)
        log.write_text("")
    for work in (lambda: read(home), lambda: home.lake.append([picture(9)])):
        with pytest.raises(LakeDamaged, match="The table pictures in "):
            work()


def test_every_error_of_delta_rs_is_one_that_the_lake_maps(stored: Home) -> None:
    """A conflict of commits is a busy lake, and every other error a damaged one."""
    for name, error in inspect.getmembers(deltalake.exceptions, inspect.isclass):
        expected = LakeBusy if name == "CommitFailedError" else LakeDamaged
        with pytest.raises(expected):
            _raise_while_writing(stored.lake, error("trouble"))


def _raise_while_writing(lake, error: Exception) -> None:
    class Broken(type(lake)):
        def _delta(self, table):
            raise error

    Broken(lake.folder).delete("pictures", "sha256", ["0"])


def test_an_error_of_a_query_is_no_damage(tmp_path: Path) -> None:
    """DuckDB's errors about the query reach the caller; those about a file's contents mean damage."""
    with pytest.raises(duckdb.CatalogException), detect_damage(tmp_path):
        duckdb.sql("select * from nowhere")
    with pytest.raises(LakeDamaged), detect_damage(tmp_path):
        raise duckdb.Error("TProtocolException: Invalid data")


@pytest.mark.parametrize(
    ("kind", "options"),
    [("litert", LitertOptions), ("onnx", OnnxOptions)],
)
def test_a_broken_model_file_is_an_unavailable_classifier(kind: str, options, tmp_path: Path) -> None:
    """It does not matter how the library reports it. `tests/classifiers` does the same for Keras."""
    for number, content in enumerate((b"", b"garbage", bytes(5000))):
        model = tmp_path / f"{number}.model"
        model.write_bytes(content)
        with pytest.raises(ClassifierUnavailable, match="Set model to"):
            registry.load(kind, "lane", options(model=model, labels=tmp_path / "labels.txt"))


@pytest.mark.parametrize("code", grpc.StatusCode)
def test_every_status_of_grpc_has_a_reaction(code: grpc.StatusCode) -> None:
    """No status stands for labels."""
    assert status_of_grpc(code, "text").reaction in set(Reaction) - {Reaction.KEEP}


def test_a_service_that_can_not_be_reached_fails_the_lane_with_advice(stored: Home, tmp_path: Path) -> None:
    """The failed state has no traceback; its message says what to check."""
    home = Home(shutil.copytree(stored.folder, tmp_path / "home"))
    options = ClarifaiOptions(model="unknown-model", monthly_budget=10)
    tagging = Tagging("clarifai", options, lambda: "a-key", "127.0.0.1:9")  # discard: nothing listens
    run = Run(home, Journal(home.lake, "one", resumed=False))
    state = run_stage(run, "tag", "clarifai", lambda: tag_pictures(home, tagging, lambda *_: None))
    assert state.is_failed()
    assert "unknown-model" in state.message and "CLARIFAI_GRPC_BASE" in state.message


SCRAPY = [
    error
    for module in (scrapy.exceptions, twisted.internet.error)
    for _, error in inspect.getmembers(module, inspect.isclass)
    if issubclass(error, Exception)
    and error.__name__ != "StopDownload"  # our own request to Scrapy
    and ("Download" in error.__name__ or "Connect" in error.__name__)
]


@pytest.mark.parametrize("error", SCRAPY, ids=lambda error: error.__name__)
def test_every_connection_error_of_a_crawl_is_an_error_of_a_source(error: type[Exception]) -> None:
    """Its message names the host or the address."""
    mapped = failure_of(error("trouble"), "http://site.example/ann")
    assert reaction(mapped) is not None
    assert "site.example" in str(mapped)


def test_an_unknown_error_of_a_crawl_means_that_the_source_is_unreachable() -> None:
    """An error that a later Scrapy adds is retried, too."""
    assert isinstance(failure_of(Exception("new"), "http://site.example/ann"), SourceUnreachable)


def test_every_error_of_aiohttp_is_one_that_a_download_handles() -> None:
    """`tests/tasks/fetch` provokes them; here no class is missing from the handlers."""
    handled = {
        ast.unparse(name)
        for node in ast.walk(ast.parse(inspect.getsource(download)))
        if isinstance(node, ast.ExceptHandler) and node.type is not None
        for name in (node.type.elts if isinstance(node.type, ast.Tuple) else [node.type])
    }
    assert {"aiohttp.ClientError", "ValueError", "TimeoutError"} <= handled
    errors = inspect.getmembers(
        aiohttp.client_exceptions, lambda one: inspect.isclass(one) and issubclass(one, Exception)
    )
    assert [
        name for name, one in errors if not issubclass(one, (aiohttp.ClientError, ValueError, TimeoutError))
    ] == ["WSMessageTypeError"]  # for web sockets, which a download does not use


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        ("x does not exist (HTTP 404). Check the account's name.", "x does not exist (HTTP 404)."),
        ("The account at x is suspended. Remove the source.", "The account at x is suspended. Remove the source."),
    ],
)  # fmt: skip
def test_the_cause_of_a_missing_page_has_no_advice_about_the_name(message: str, cause: str) -> None:
    """As a cause, the message ends before its advice about the name, and has one point at its end."""
    assert AccountNotFound(message).cause == cause
