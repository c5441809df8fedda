"""A process of Ray that stays: an actor on a node."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from tasks.cluster.options import ClusterOptions
from tasks.cluster.protocol import WorkerDied


class _Process:
    """Runs functions in its process."""

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """The function's result."""
        return function(*arguments)


class RayPin:
    """An actor, which ends with `release`."""

    def __init__(self, options: ClusterOptions, name: str) -> None:
        self.name = name
        strategy = NodeAffinitySchedulingStrategy(name, soft=False)
        actor = ray.remote(_Process).options(
            num_cpus=options.cpus, max_restarts=0, scheduling_strategy=strategy
        )
        self._actor: Any = actor.remote()

    def call(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run a function in the process."""
        future: Future[Any] = Future()
        future.set_running_or_notify_cancel()
        self._actor.call.remote(function, *arguments).future().add_done_callback(
            lambda done: _copy_result(done, future)
        )
        return future

    def release(self) -> None:
        """End the process."""
        ray.kill(self._actor)


def _copy_result(done: Future[Any], future: Future[Any]) -> None:
    try:
        future.set_result(done.result())
    except RayActorError as error:
        future.set_exception(WorkerDied(type(error).__name__))
    except RayTaskError as error:
        future.set_exception(error.cause if isinstance(error.cause, Exception) else error)
    except BaseException as error:  # noqa: BLE001 - whoever waits for the future gets it
        future.set_exception(error)
