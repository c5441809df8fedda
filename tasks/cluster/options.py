"""Which cluster works for a stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Runner = Literal["dask", "ray"]

EXTRAS: dict[Runner, tuple[str, ...]] = {
    "dask": ("distributed", "prefect_dask"),
    "ray": ("ray", "prefect_ray"),
}
"""The packages of each extra."""


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """A cluster: at `address`, or one of `workers` processes on this machine, started for the run.

    `table` is the table of the settings, for messages. On Ray, each piece of work takes `cpus` cores and `gpus`
    GPUs (a fraction shares one); Dask's workers define theirs when they start.
    """

    runner: Runner
    address: str | None = None
    workers: int = 2
    table: str = "classify"
    cpus: float = 1.0
    gpus: float = 0.0

    @property
    def place(self) -> str:
        """The cluster in words, for messages."""
        name = self.runner.capitalize()
        return (
            f"{name} at {self.address}"
            if self.address
            else f"{name} with {self.workers} workers on this machine"
        )
