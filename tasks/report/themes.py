"""The themes of a classifier of the kind `themes`: the most typical pictures of each."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

import duckdb

from classifiers.themes.classifier import VERSION_PREFIX
from tasks.report.content import Example, ThemePictures
from tasks.thumbnails import Thumbnails
from warehouse.embeddings.typical_pictures import typical_pictures
from warehouse.home import Home

MAX_THEMES = 40
MAX_PICTURES = 4
"""The page shows so many themes, those with most posts, and so many pictures of each."""


def is_of_themes(version: str | None) -> bool:
    """Whether a classifier of this version is of the kind `themes`."""
    return version is not None and version.startswith(VERSION_PREFIX)


def show_themes(
    home: Home, database: duckdb.DuckDBPyConnection, classifier: str, anchor: str
) -> Iterator[ThemePictures]:
    """The themes, those with most posts first; `anchor` begins the names of their anchors."""
    found = typical_pictures(database, classifier, MAX_THEMES, MAX_PICTURES)
    sources = Thumbnails(home).sources((one.sha256, one.path) for one in found)
    themes = groupby(found, key=lambda one: (one.label, one.posts))
    for number, ((label, posts), pictures) in enumerate(themes, start=1):
        examples = tuple(
            Example(label, sources[one.sha256], one.post_url, None, one.likes, one.comments)
            for one in pictures
        )
        yield ThemePictures(label, posts, examples, f"{anchor}-{number}")
