"""Bringing the derived tables up to date with the lake, in the order in which they depend on each other."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.derived.latest_observations import refresh_latest_observations
from warehouse.derived.post_labels import refresh_post_labels
from warehouse.embeddings.refresh import refresh_codes
from warehouse.embeddings.sql import EMBEDDING_VERSIONS
from warehouse.lake import Lake
from warehouse.lake_files import LakeFile
from warehouse.sql import CLASSIFIER_VERSIONS


def refresh_tables(lake: Lake) -> dict[str, Sequence[LakeFile]]:
    """Refresh the derived tables except `lifts`, and return the files of all tables that they fit."""
    files: dict[str, Sequence[LakeFile]] = dict(lake.all_files())
    refresh_latest_observations(lake, files)
    files["latest_observations"] = lake.list_files("latest_observations")
    refresh_post_labels(lake, files, lake.query(f"{CLASSIFIER_VERSIONS} order by all"))
    files["post_labels"] = lake.list_files("post_labels")
    refresh_codes(lake, files, lake.query(f"{EMBEDDING_VERSIONS} order by all"))
    files["embedding_codes"] = lake.list_files("embedding_codes")
    return files
