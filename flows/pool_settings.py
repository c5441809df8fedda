"""The table `[pools]`: a night in parts, each on a work pool of its own, and so on machines of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

WORK_POOL = "likelens"
"""The work pool of all deployments that are no part of a night."""
PARTS = ("collect", "label", "publish")
"""The parts of a night in their order; each is a flow, a deployment and a key of `[pools]`."""


def _check_pool(name: str) -> str:
    if name == WORK_POOL:
        raise PydanticCustomError(
            "pool", f"{WORK_POOL} is the pool of the night, whose only slot is taken; write another name"
        )
    return name


_Pool = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100), AfterValidator(_check_pool)
]


class PoolSettings(BaseModel):
    """The work pool of each part. Two parts may share one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    collect: _Pool = "likelens-scrape"
    label: _Pool = "likelens-gpu"
    publish: _Pool = "likelens-report"

    def pool_of(self, part: str) -> str:
        """The work pool of one of `PARTS`."""
        return str(getattr(self, part))
