"""The packages of driver and workers, compared: labels must not depend on where a picture is labelled."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, wait
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

from tasks.cluster.protocol import Cluster, WorkerDied
from tasks.errors import ClusterUnavailable

PACKAGES = (
    "likelens",
    "numpy",
    "pillow",
    "pillow-heif",
    "keras",
    "tensorflow",
    "ai-edge-litert",
    "onnxruntime",
    "distributed",
    "ray",
    "cloudpickle",
)
"""Those that decode and label, and those that carry the work."""
PYTHON = "Python"
RESPONSE_SECONDS = 120.0
"""How long a worker may take for its first response; it imports likelens for it."""

Versions = Mapping[str, str]
Result = TypeVar("Result")


@cache
def installed_versions() -> dict[str, str]:
    """The packages of this process, and Python's minor version; empty for a package that is not installed.

    Read once: a worker that was started before an upgrade works with the packages of its start.
    """
    found = {PYTHON: f"{sys.version_info.major}.{sys.version_info.minor}"}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found


def worker_versions() -> dict[str, str]:
    """The same, as a function that runs on a worker."""
    return installed_versions()


def differences(driver: Versions, worker: Versions) -> list[str]:
    """What differs, as texts such as 'numpy 2.1.0 here and 2.0.1 there'."""
    return [
        f"{name} {driver.get(name) or 'missing'} here and {worker.get(name) or 'missing'} there"
        for name in dict.fromkeys([*driver, *worker])
        if driver.get(name) != worker.get(name)
    ]


def check_versions(cluster: Cluster, packages: Sequence[str] | None = None) -> list[str]:
    """Compare every worker's packages with this process's; `packages` limits the comparison to some.

    Returns the names of the workers. Raises `ClusterUnavailable`, which names what differs, or that no worker has
    likelens.
    """
    found = run_on_each(cluster, worker_versions, (), RESPONSE_SECONDS)
    own = _only(installed_versions(), packages)
    for name, versions in found.items():
        if different := differences(own, _only(versions, packages)):
            raise ClusterUnavailable(
                f"The worker {name} of {cluster.options.place} has other packages than this machine:"
                f" {'; '.join(different)}. Install the same versions on both, and start the worker again."
            )
    return list(found)


def run_on_each(
    cluster: Cluster, function: Any, arguments: tuple[Any, ...], seconds: float
) -> dict[str, Any]:
    """The results of a function on every worker, by its name.

    Raises `ClusterUnavailable` where a worker has no likelens, dies, or does not respond within `seconds`. Exceptions
    of the function are raised as they are.
    """
    place = cluster.options.place
    futures: dict[str, Future[Any]] = {
        name: cluster.submit(function, *arguments, worker=name) for name in cluster.workers()
    }
    if not futures:
        raise ClusterUnavailable(f"{place} has no worker now. Start workers, and then run again.")
    _, late = wait(futures.values(), seconds)
    for future in late:
        cluster.cancel(future)
    results = {}
    for name, future in futures.items():
        if future in late:
            raise ClusterUnavailable(
                f"The worker {name} of {place} did not respond within {seconds:.0f} seconds. It may be busy with other"
                " work, or hang: look at its log, and start it again."
            )
        results[name] = _result(name, place, future)
    return results


def _result(name: str, place: str, future: Future[Any]) -> Any:
    try:
        return future.result()
    except WorkerDied as error:
        raise ClusterUnavailable(
            f"The worker {name} of {place} died at the first piece of work ({error}). Its log says why; often its"
            " memory is too small for the model."
        ) from error
    except ModuleNotFoundError as error:
        raise ClusterUnavailable(
            f"The worker {name} of {place} can't import {error.name}. Install the same version of likelens there, with"
            " the same extras, and start the worker again."
        ) from error


def _only(versions: Versions, packages: Sequence[str] | None) -> Versions:
    return versions if packages is None else {name: versions.get(name, "") for name in (PYTHON, *packages)}
