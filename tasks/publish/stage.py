"""Compact the lake, and replace the published database."""

from __future__ import annotations

from warehouse.home import Home
from warehouse.pending import count_posts
from warehouse.publish import publish
from warehouse.runs import StageResult


def publish_lake(home: Home) -> StageResult:
    """Publish the current tables."""
    home.lake.tidy()
    publish(home)
    return StageResult("done", count_posts(home.lake), message=str(home.database))
