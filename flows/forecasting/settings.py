"""The table `[forecast]`: whose labels a forecast uses, and the candidate pictures of each night."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from classifiers.registry import REMOTE_KINDS
from flows.forecasting.planned_time import check_recurring_time
from tasks.scrape.model import SOURCE_NAME

Kind = Literal["image", "video", "carousel"]


def _absolute(folder: Path | None, info: ValidationInfo) -> Path | None:
    """A path relative to the settings file."""
    assert isinstance(info.context, Path), "read_settings passes the file"
    return None if folder is None else info.context.absolute().parent / folder.expanduser()


class ForecastSettings(BaseModel):
    """The table `[forecast]`. `source`, `account`, `at` and `kind` are also the defaults of the command's options."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    candidates: Annotated[Path | None, AfterValidator(_absolute)] = None
    source: str | None = Field(default=None, pattern=f"^{SOURCE_NAME}$")
    account: str | None = Field(default=None, min_length=1)
    at: Annotated[str | None, AfterValidator(check_recurring_time)] = None
    kind: Kind = "image"
    classifiers: tuple[str, ...] | None = None


def check_forecast(forecast: ForecastSettings, info: ValidationInfo) -> ForecastSettings:
    """Check that `classifiers` names local classifiers of the settings, and that candidates have a time.

    Raises `PydanticCustomError`.
    """
    if forecast.candidates is not None and forecast.at is None:
        raise _mistake('set at beside candidates: when they would be posted, such as "tuesday 18:00"')
    lanes = {lane.name: lane.kind for lane in info.data.get("classifiers", ())}
    for name in forecast.classifiers or ():
        if name not in lanes:
            known = ", ".join(lanes) or "none"
            raise _mistake(f"classifiers names no classifier {name!r}; the settings have: {known}")
        if lanes[name] in REMOTE_KINDS:
            raise _mistake(
                f"classifiers names {name}, of the kind {lanes[name]}, which sends pictures to a server; a forecast sends"
                " none. Leave it out"
            )
    return forecast


def _mistake(text: str) -> PydanticCustomError:
    # Braces would be placeholders of pydantic's.
    return PydanticCustomError("forecast", "{text}", {"text": f"[forecast]: {text}"})
