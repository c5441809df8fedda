"""Settings of the kind `caption`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from classifiers.caption.address import Address, parse_address
from classifiers.caption.languages import LANGUAGES
from classifiers.caption.prompt import prompt_text, prompt_version

DEFAULT_MONTHLY_BUDGET = 1000
"""Pictures a month, where the server is not one's own and the settings have no monthly_budget."""
MIN_SIDE, MAX_SIDE = 64, 4096

ResponseFormat = Literal["auto", "json_schema", "json_object", "text"]
ModelName = Annotated[str, Field(pattern=r"^\S{0,200}$")]


class CaptionOptions(BaseModel):
    """`[[classifiers]]` with `kind = "caption"`; each picture is one request."""

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    base_url: str = "http://localhost:11434/v1"
    model: ModelName = ""
    prompt: str = Field(default="", max_length=4000)
    language: str = "en"
    response_format: ResponseFormat = "auto"
    secret: str = ""
    monthly_budget: int | None = Field(default=None, ge=0)
    daily_budget: int | None = Field(default=None, ge=0)
    price_per_1000: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    requests_per_second: float = Field(default=5.0, gt=0, le=1000)
    in_flight: int = Field(default=4, ge=1, le=64)
    deadline_seconds: float = Field(default=120.0, gt=0, le=3600)
    patience_seconds: float = Field(default=600.0, ge=0, le=86_400)
    max_tokens: int = Field(default=300, ge=16, le=32_768)
    top: int = Field(default=10, ge=1, le=50)
    longest_side: int = Field(default=768, ge=MIN_SIDE, le=MAX_SIDE)

    # One validator for these keys: the error of a field prints its value, which may be a key or a password.
    @model_validator(mode="after")
    def _check_texts(self) -> CaptionOptions:
        parse_address(self.base_url)
        if not re.fullmatch(r"([A-Z][A-Z0-9_]{0,127})?", self.secret):
            raise ValueError(
                "secret is the name of an environment variable, such as OPENAI_API_KEY, and never the key itself"
            )
        if self.language not in LANGUAGES:
            raise ValueError(f"language is one of {', '.join(LANGUAGES)}")
        return self

    @property
    def address(self) -> Address:
        """The server."""
        return parse_address(self.base_url)

    @property
    def batch(self) -> int:
        """Pictures in a request."""
        return 1

    @property
    def is_free(self) -> bool:
        """Whether a picture costs nothing: the server is one's own, and the settings have no price, or 0."""
        return not self.price_per_1000 and self.address.is_private

    @property
    def monthly_limit(self) -> int | None:
        """Pictures that may be sent in a calendar month (UTC); None: no limit."""
        if self.monthly_budget is None and not self.is_free:
            return DEFAULT_MONTHLY_BUDGET
        return self.monthly_budget

    @property
    def picture_price(self) -> float | None:
        """The price of one picture; 0 on one's own server, None if it is unknown."""
        if self.is_free:
            return 0.0
        return None if self.price_per_1000 is None else self.price_per_1000 / 1000

    @property
    def request_text(self) -> str:
        """What the server is asked for with each picture."""
        return prompt_text(self.prompt, self.language)

    @property
    def prompt_version(self) -> str:
        """A hash of all that a response depends on, but for the picture and the model."""
        return prompt_version(self.request_text, self.response_format, self.longest_side, self.max_tokens)
