"""Real photographs and a real model, where a folder `shared` beside the repository has them; stand-ins for servers."""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from PIL import Image

# A busy machine may need seconds to draw an example or to run it.
settings.register_profile(
    "busy", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy")

SLOWEST = (
    *("test_serve", "test_wheel", "test_team", "test_schedule"),
    *("test_killed", "test_rank_options", "test_run"),
    *(
        "test_object_store",
        "test_tutorial",
        "test_deployment",
        "test_clarifai",
        "test_bad_input",
        "test_maintain",
    ),
    *("test_on_cluster", "forecasting", "flows", "test_refresh", "test_rankings"),
)
"""Folders and files whose tests take longest, or wait: they start first, so that no worker waits for them in the end."""

TOGETHER = {
    "one run": {"test_killed", "test_rank_options", "test_run"},
    "keras": {
        "test_efficientnet_lite",
        "test_embedding",
        "test_folding",
        "test_keras_applications",
        "test_keras_lane",
        "test_keras_predictions",
        "test_keras_refusals",
        "test_litert_copy",
        "test_litert_models",
    },
    "docs": {"docs"},
    "charts": {"report"},
    "clusters": {"test_on_cluster"},
}
"""Folders and files that share something slow: a finished run, TensorFlow, the home of the pages, JavaScript, clusters."""

SHARED = Path(__file__).resolve().parents[1].parent / "shared"


def pytest_collection() -> None:
    """Import Scrapy first: at its import it looks for each caller's module among all that are imported, for seconds."""
    importlib.import_module("scrapy.core.downloader.contextfactory")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the slowest files first."""

    def place(item: pytest.Item) -> int:
        names = [*item.path.parts, item.path.stem]
        return next((index for index, name in enumerate(SLOWEST) if name in names), len(SLOWEST))

    items.sort(key=place)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Give each worker complete files, and the files of `TOGETHER` to one worker."""
    from xdist.scheduler import LoadFileScheduling

    class Scheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            names = {*Path(file).parts, Path(file).stem}
            return next((group for group, files in TOGETHER.items() if names & files), file)

    return Scheduling(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two workers more than there are cores: with one more, slow tests that wait left a third of two cores unused."""
    return (os.cpu_count() or 1) + 2


@pytest.fixture(scope="session")
def photographs() -> Path:
    """The folder with photographs of known content."""
    folder = SHARED / "photos"
    if not folder.is_dir():
        pytest.skip(f"there is no folder {folder} with photographs")
    return folder


@pytest.fixture(scope="session")
def litert_files() -> tuple[Path, Path]:
    """A real LiteRT model, quantised to bytes, and its class names."""
    models = SHARED / "models"
    model = models / "mobilenet_v2_1.0_224_quant.tflite"
    if not model.is_file():
        pytest.skip(f"there is no model {model}")
    return model, models / "imagenet_labels_1001.txt"


def load(name: str) -> ModuleType:
    """A module of this folder: the tests are no packages, so it is loaded by its file."""
    if name not in sys.modules:
        made = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
        sys.modules[name] = importlib.util.module_from_spec(made)
        made.loader.exec_module(sys.modules[name])
    return sys.modules[name]


@pytest.fixture(scope="session")
def stand_in() -> ModuleType:
    """The module of the server that stands in for Clarifai."""
    return load("clarifai_server")


@pytest.fixture(scope="session")
def chat_server() -> ModuleType:
    """The module of the server that stands in for servers of captions."""
    return load("chat_server")


@pytest.fixture(scope="session")
def mastodon_server() -> ModuleType:
    """The module of the server that stands in for Mastodon."""
    return load("mastodon_server")


@pytest.fixture(scope="session")
def postgres_server() -> ModuleType:
    """The module of a PostgreSQL server."""
    return load("postgres_server")


@pytest.fixture(scope="session")
def cluster_stand_in() -> ModuleType:
    """The module of a cluster in threads of this process."""
    return load("cluster_stand_in")


@pytest.fixture(scope="session")
def cluster_kinds_module() -> Iterator[ModuleType]:
    """The module of `cluster_kinds`."""
    sys.path.append(str(Path(__file__).parent))
    yield importlib.import_module("cluster_kinds")
    sys.path.remove(str(Path(__file__).parent))


@pytest.fixture
def cluster_kinds(cluster_kinds_module: ModuleType, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of a kind for workers, which find it where this process does; other tests do not have the kind."""
    from classifiers.registry import KINDS

    KINDS.pop("colours", None)
    monkeypatch.setitem(KINDS, "colours", cluster_kinds_module.ColourOptions)
    return cluster_kinds_module


def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """End the clusters after the last of the tests that share them: idle workers cost the other tests time."""
    if "cluster_sessions" in sys.modules and (nextitem is None or nextitem.path.name != item.path.name):
        load("cluster_sessions").CLUSTERS.close()


@pytest.fixture
def dask(cluster_kinds: ModuleType) -> Any:
    """A session with two worker processes of Dask."""
    return load("cluster_sessions").CLUSTERS.open("dask")


@pytest.fixture
def ray(cluster_kinds: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A session with two worker processes of Ray."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    # Ray's workers do not take over the path of this process, as those of Dask do.
    monkeypatch.setenv("PYTHONPATH", str(Path(str(cluster_kinds.__file__)).parent))
    return load("cluster_sessions").CLUSTERS.open("ray")


@pytest.fixture(scope="session")
def forking() -> ModuleType:
    """The module of the fork server."""
    return load("fork_server")


@pytest.fixture(scope="session")
def damaged_inside() -> bytes:
    """A PNG file with a good header and its end, which a fetch stores, and pixels that nobody can decode."""
    whole = io.BytesIO()
    Image.effect_noise((200, 200), 90).save(whole, "PNG")
    data = bytearray(whole.getvalue())
    data[900:1500] = bytes(600)
    return bytes(data)


@pytest.fixture(scope="session")
def sharing() -> ModuleType:
    """The module of processes that all workers share."""
    return load("shared_service")


@pytest.fixture(scope="session")
def s3_server(sharing: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an S3 server that all workers share."""
    for needed in ("moto", "obstore"):
        if importlib.util.find_spec(needed) is None:
            pytest.skip(f"{needed} is not installed")
    module = load("s3_server")

    def describe(folder: Path) -> Any:
        port = module.free_port()
        command, environment = module.server_command(port, sys.executable), module.server_environment()
        return sharing.Service(command, environment, folder / "server.log", f"http://127.0.0.1:{port}")

    with sharing.share(tmp_path_factory, "s3", describe, module.wait_until_ready) as server:
        yield server.address


@pytest.fixture
def s3(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A new bucket behind a proxy that counts requests and can fail them: an `S3Place` of `tests/s3_server.py`."""
    module = load("s3_server")
    for name, value in module.CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with module.new_place(s3_server) as place:
        yield place


@pytest.fixture(scope="session")
def start_fork_server(
    forking: ModuleType, sharing: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[str]]:
    """Start a fork server of `tests/fork_server.py`, which all workers share; yields its address."""

    @contextmanager
    def start(starts: str, environment: Mapping[str, str]) -> Iterator[str]:
        def describe(folder: Path) -> Any:
            address = forking.choose_address(folder)
            command = [sys.executable, forking.__file__, address, starts]
            return sharing.Service(command, environment, folder / "server.log", address)

        ready, at_end = forking.wait_until_ready, forking.remove_address
        with sharing.share(tmp_path_factory, starts, describe, ready, at_end) as server:
            yield server.address

    return start


@pytest.fixture(scope="session")
def crawl_server(start_fork_server: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The address of a process that has imported Scrapy; it starts the crawls of most tests."""
    with start_fork_server("crawls", dict(os.environ)) as address:
        yield address


@pytest.fixture(scope="session")
def program_server(start_fork_server: Callable[..., AbstractContextManager[str]]) -> Iterator[str]:
    """The address of a process that has imported what uses the tables; it starts the programs of most tests."""
    with start_fork_server("programs", dict(os.environ)) as address:
        yield address


@pytest.fixture
def start_process(program_server: str, forking: ModuleType) -> Iterator[Callable[..., Any]]:
    """Start a Python program in a forked process with pipes, as `subprocess.Popen`; the fixture kills it at the end."""
    running: list[Any] = []

    def start(script: str, *arguments: object, **options: Any) -> Any:
        running.append(forking.PipedProgram(program_server, script, list(map(str, arguments)), **options))
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture(autouse=True)
def forked_crawls(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let crawls start without their second of imports, except in tests marked `real_crawls`."""
    crawls = any(part in str(request.path) for part in ("tests/tasks/scrape", "tests/flows"))
    if not crawls or request.node.get_closest_marker("real_crawls"):
        yield
    else:
        forking = request.getfixturevalue("forking")
        with forking.forked_crawls(request.getfixturevalue("crawl_server")):
            yield
