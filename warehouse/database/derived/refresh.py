"""Bringing the derived tables up to date with the lake, in the order in which they depend on each other."""

from __future__ import annotations

from collections.abc import Sequence

from warehouse.database.derived.embedding_codes import refresh_codes
from warehouse.database.derived.label_sums import refresh_label_sums
from warehouse.database.derived.latest_observations import refresh_latest_observations
from warehouse.database.derived.near_duplicates import refresh_near_duplicates
from warehouse.database.derived.post_counts import refresh_post_counts
from warehouse.database.derived.post_labels import refresh_post_labels
from warehouse.database.sql import CLASSIFIER_VERSIONS
from warehouse.embeddings.sql import EMBEDDING_VERSIONS
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile


def refresh_tables(lake: Lake) -> dict[str, Sequence[LakeFile]]:
    """Refresh the derived tables except `lifts`, and return the files of all tables that they fit."""
    files: dict[str, Sequence[LakeFile]] = dict(lake.all_files())
    refresh_latest_observations(lake, files)
    files["latest_observations"] = lake.list_files("latest_observations")
    refresh_post_counts(lake, files)
    files["post_counts"] = lake.list_files("post_counts")
    refresh_post_labels(lake, files, lake.query(f"{CLASSIFIER_VERSIONS} order by all"))
    files["post_labels"] = lake.list_files("post_labels")
    refresh_label_sums(lake, files)
    files["label_sums"] = lake.list_files("label_sums")
    embedding_versions = lake.query(f"{EMBEDDING_VERSIONS} order by all")
    refresh_codes(lake, files, embedding_versions)
    files["embedding_codes"] = lake.list_files("embedding_codes")
    refresh_near_duplicates(lake, files, embedding_versions)
    files["near_duplicates"] = lake.list_files("near_duplicates")
    return files
