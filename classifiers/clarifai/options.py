"""Settings of the kind `clarifai`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

KEY = "CLARIFAI_PAT"
"""The environment variable that holds the key (a personal access token)."""
BASE = "api.clarifai.com"

KNOWN_VERSIONS = {
    "general-image-recognition": "aa7f35c01e0642fda5cf400f543e7c40",
    "general-image-detection": "1580bb1932594c93b7e2e04456af7c6f",
}
"""Versions of Clarifai's public models. A fixed version keeps a model's labels comparable over months."""

Identifier = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{0,128}$")]


class ClarifaiOptions(BaseModel):
    """`[[classifiers]]` with `kind = "clarifai"`; each picture sent to each model is a billed picture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: Identifier = "general-image-recognition"
    model_version: Identifier = ""
    regions_model: Identifier = ""
    regions_model_version: Identifier = ""
    user: Identifier = "clarifai"
    app: Identifier = "main"
    base: str = Field(default=BASE, min_length=1)
    certificates: Annotated[Path | None, BeforeValidator(lambda value: value or None)] = None
    monthly_budget: int = Field(default=1000, ge=0)
    daily_budget: int | None = Field(default=None, ge=0)
    price_per_1000: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    requests_per_second: float = Field(default=15.0, gt=0, le=1000)
    in_flight: int = Field(default=8, ge=1, le=64)
    batch: int = Field(default=128, ge=1, le=128)
    deadline_seconds: float = Field(default=60.0, gt=0, le=3600)
    patience_seconds: float = Field(default=600.0, ge=0, le=86_400)
    top: int = Field(default=20, ge=1, le=200)
    min_score: float = Field(default=0.0, ge=0, le=1)
    longest_side: int = Field(default=0, ge=0, le=20_000)
    upright: bool = False

    @model_validator(mode="after")
    def _check_models(self) -> ClarifaiOptions:
        if not (self.model or self.regions_model):
            raise ValueError(
                "set model, regions_model or both; without a model the classifier has nothing to do"
            )
        if self.model == self.regions_model:
            raise ValueError("model and regions_model must differ; set the one that you do not use to ''")
        if 0 < self.longest_side < 64:
            raise ValueError("longest_side must be 0 (as stored) or at least 64 pixels")
        return self

    @property
    def monthly_limit(self) -> int | None:
        """Pictures that may be sent in a calendar month (UTC)."""
        return self.monthly_budget

    @property
    def picture_price(self) -> float | None:
        """The price of one picture sent to one model; None where the settings have none."""
        return None if self.price_per_1000 is None else self.price_per_1000 / 1000

    def version_of(self, model_id: str) -> str:
        """The version of a model in the settings, or the known one; empty if Clarifai decides."""
        version = self.model_version if model_id == self.model else self.regions_model_version
        return version or KNOWN_VERSIONS.get(model_id, "")
