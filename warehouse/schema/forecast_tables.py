"""The table of forecasts: what a model expected of a post before its counts were comparable."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from warehouse.schema.table_schema import SourceRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ForecastRow(SourceRow):
    """What the forecast models expected of new posts and of candidate pictures, before it was known."""

    table: ClassVar[str] = "forecasts"
    key: ClassVar[tuple[str, ...]] = ("source", "account", "subject", "measure", "version")

    source: Annotated[str, "Name of the source in the settings"]
    account: Annotated[str, "Account that posted it, or would post it"]
    subject: Annotated[str, "The post's id, or the SHA-256 of a candidate picture's bytes"]
    measure: Annotated[str, "likes or comments"]
    version: Annotated[str, "Version of the forecast model"]
    kind: Annotated[str, "image, video or carousel, as posted or planned"]
    posted_at: Annotated[datetime, "When it was posted, or is planned (UTC)"]
    post_id: Annotated[str | None, "The post; null for a candidate picture"]
    sha256: Annotated[str | None, "The candidate picture; null for a post"]
    usual: Annotated[float, "The account's usual number before the post: the median of its latest posts"]
    median: Annotated[float, "Forecast: half of such posts get less"]
    low: Annotated[float, "Lower end of the forecast's 80 % interval"]
    high: Annotated[float, "Upper end of the forecast's 80 % interval"]
    made_at: Annotated[datetime, "When the forecast was made (UTC)"]
    before_posting: Annotated[bool, "Whether it was made before a run first saw the post"]
