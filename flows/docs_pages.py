"""The pages of the docs that messages name, each with the heading that explains the message.

A test checks that each page has its heading.
"""

from __future__ import annotations

SETTINGS = "docs/guide.md#settings"
SOURCES = "docs/guide.md#sources"
CLASSIFIERS = "docs/guide.md#classifiers"
INSTALL = "docs/guide.md#install"
HOME = "docs/guide.md#the-home-folder"
DISK = "docs/operations.md#room-on-the-disk"
DAMAGE = "docs/operations.md#the-tables-of-an-earlier-night"
CLOCK = "docs/operations.md#the-clock"
SERVER = "docs/guide.md#with-a-server-that-you-have"
GUEST = "docs/sources.md#being-a-good-guest"
SOURCE_CHANGES = "docs/sources.md#when-a-source-changes"
TONE_MODELS = "docs/tone-models.md#when-it-fails"
CLUSTER = "docs/cluster.md#when-something-goes-wrong"
FORECAST = "docs/forecast.md#when-something-is-missing"
TROUBLE = "docs/guide.md#when-something-goes-wrong"

SOURCE_PAGES = {
    "gallery": "docs/gallery-profiles.md#what-an-error-means",
    "mastodon": "docs/mastodon.md#when-something-goes-wrong",
    "graph": "docs/graph.md#when-something-goes-wrong",
    "instaloader": "docs/instaloader.md#when-something-goes-wrong",
    "jsonl": "docs/files.md#when-something-goes-wrong",
    "table": "docs/files.md#when-something-goes-wrong",
}
"""What to do when a source can't be read, by its kind."""
TOKEN_PAGES = {"mastodon": "docs/mastodon.md#what-it-needs", "graph": "docs/graph.md#what-it-needs"}
"""Where the token of a source comes from, by its kind."""
CLASSIFIER_PAGES = {
    "keras": "docs/guide.md#inception-v3-without-a-network",
    "litert": "docs/classifiers.md#labels-and-versions",
    "onnx": "docs/classifiers.md#labels-and-versions",
    "zero_shot": "docs/classifiers.md#models-for-your-own-words",
    "visual": "docs/classifiers.md#kinds",
    "faces": "docs/classifiers.md#faces",
    "trained": "docs/training.md#use-it",
    "themes": "docs/classifiers.md#themes",
    "caption": "docs/captions.md#when-it-fails",
    "clarifai": "docs/clarifai.md#when-it-fails",
}
"""What to do when a classifier can't run, by its kind."""


def table_page(table: str) -> str:
    """The heading of a table of the settings, such as `[rank]`."""
    return f"docs/guide.md#{table}"
