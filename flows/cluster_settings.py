"""The keys of a stage that can work on a cluster: its runner, and the cluster's address or its workers here."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from tasks.cluster.options import ClusterOptions, Runner

SCHEMES: dict[Runner, tuple[str, ...]] = {"dask": ("tcp", "tls", "ws", "wss"), "ray": ("ray",)}
EXAMPLES: dict[Runner, str] = {"dask": "tcp://host:8786", "ray": "ray://host:10001"}
DEFAULT_WORKERS = 2
ERROR = "runner"
"""The type of the errors about keys that do not fit together."""


def _mistake(text: str) -> PydanticCustomError:
    """An error whose text may have braces."""
    return PydanticCustomError(ERROR, "{text}", {"text": text})


def _check_address(address: str | None) -> str | None:
    if address is None:
        return None
    try:
        parts = urlsplit(address)
        is_complete = bool(parts.hostname and parts.port)
    except ValueError:
        is_complete = False
    if not is_complete:
        raise ValueError(
            f"write it with scheme, host and port: {EXAMPLES['dask']} of Dask, or {EXAMPLES['ray']} of Ray"
        )
    return address


class RunnerSettings(BaseModel):
    """Where a stage works: in threads of this process, or on a cluster at `address`, or with `workers` on this machine."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    runner: Literal["threads", "dask", "ray"] = "threads"
    address: Annotated[str | None, AfterValidator(_check_address)] = None
    workers: int | None = Field(default=None, ge=1, le=1000)

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if self.runner == "threads":
            if given := [key for key in ("address", "workers") if getattr(self, key) is not None]:
                raise _mistake(
                    f'{given[0]} is set, and runner is "threads": set runner = "dask" or "ray", or remove it',
                )
            return self
        if self.address and self.workers is not None:
            raise _mistake(
                "address and workers are both set: workers starts a cluster on this machine; remove one",
            )
        if self.address and urlsplit(self.address).scheme not in SCHEMES[self.runner]:
            raise _mistake(
                f"address {self.address} is none of {self.runner}: write it as {EXAMPLES[self.runner]}",
            )
        return self

    def cluster_options(self, table: str) -> ClusterOptions | None:
        """The cluster of the stage with that table of the settings; None for threads."""
        if self.runner == "threads":
            return None
        return ClusterOptions(self.runner, self.address, self.workers or DEFAULT_WORKERS, table)


class ClassifySettings(RunnerSettings):
    """The table `[classify]`. On Ray, an item of work takes `cpus` cores and `gpus` GPUs."""

    cpus: float = Field(default=1.0, gt=0, le=1024)
    gpus: float = Field(default=0.0, ge=0, le=64)

    @model_validator(mode="after")
    def _only_ray_reserves(self) -> Self:
        if self.runner != "ray" and (given := sorted({"cpus", "gpus"} & self.model_fields_set)):
            raise _mistake(
                f'{given[0]} is for runner = "ray": a worker of Dask has what it was started with; remove it',
            )
        return self

    def cluster(self) -> ClusterOptions | None:
        """The cluster that labels; None for threads."""
        options = self.cluster_options("classify")
        return None if options is None else replace(options, cpus=self.cpus, gpus=self.gpus)


def choose_fetch_cluster(fetch: RunnerSettings, classify: ClassifySettings) -> ClusterOptions | None:
    """The cluster that fetches: that of `[classify]` if it has the same runner, unless `[fetch]` has its own; None for threads."""
    own, shared = fetch.cluster_options("fetch"), classify.cluster()
    has_own = fetch.address is not None or fetch.workers is not None
    if own is None or shared is None or has_own or own.runner != shared.runner:
        return own
    return replace(own, address=shared.address, workers=shared.workers)
