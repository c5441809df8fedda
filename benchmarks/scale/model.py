"""A year of nights from a small lake: rows by the rates, bytes by the small lake, files by the lake's own layout rules."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.scale.rates import Rates
from tasks.classify.storing import STORE_PICTURES
from tasks.fetch.results import BATCH_ROWS
from tasks.scrape.storing import STORE_POSTS
from warehouse.records.pending import LINK_ROWS
from warehouse.records.stored_posts import REFRESHED_POSTS
from warehouse.schema.tables import TABLES
from warehouse.storage.file_commit import GROUP_ROWS
from warehouse.storage.file_layout import files_to_merge, rows_per_file
from warehouse.storage.lake_files import LakeFile

APPENDED = ("observations", "pictures", "fetches", "labels")
UPDATED = ("posts", "post_pictures", "latest_observations", "post_labels")
MODELLED = (*UPDATED, *APPENDED)


@dataclass(frozen=True, slots=True)
class Content:
    """What a small lake says of rows: their bytes in a file, and rows of `post_labels` for each label."""

    bytes: Mapping[str, float]
    post_labels: float

    @classmethod
    def of(cls, rows: Mapping[str, int], sizes: Mapping[str, int]) -> Content:
        """From the rows and bytes by table."""
        return cls(
            {name: sizes[name] / rows[name] for name in MODELLED}, rows["post_labels"] / rows["labels"]
        )


@dataclass(slots=True)
class Forecast:
    """A lake after a night: rows, bytes and files by table, and bytes written and commits of the night by table."""

    night: int
    rows: dict[str, float] = field(default_factory=dict)
    bytes: dict[str, float] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)
    written: dict[str, float] = field(default_factory=dict)
    commits: dict[str, float] = field(default_factory=dict)


def simulate(rates: Rates, content: Content, nights: int) -> Iterator[Forecast]:
    """The lake after each night."""
    stored: dict[str, list[LakeFile]] = {name: [] for name in APPENDED}
    observations = 0.0
    for number in range(1, nights + 1):
        night = Forecast(number)
        observations += rates.observed(number)
        posts, pictures = number * rates.posts, number * rates.pictures
        labels = pictures * rates.labels_per_picture * rates.classifiers
        night.rows = {"posts": posts, "post_pictures": pictures, "latest_observations": posts}
        night.rows |= {"post_labels": labels * content.post_labels, "observations": observations}
        night.rows |= {"pictures": pictures, "fetches": pictures, "labels": labels}
        night.bytes = {name: rows * content.bytes[name] for name, rows in night.rows.items()}
        for name, (batches, rows) in _appends(rates, number).items():
            stored[name], written = _append(name, stored[name], batches, rows, content.bytes[name])
            night.files[name] = len(stored[name])
            night.written[name] = written
            night.commits[name] = batches
        _update(rates, content, night)
        yield night


def _appends(rates: Rates, number: int) -> dict[str, tuple[float, float]]:
    """Batches of a night and their rows, by table."""
    fetched = math.ceil(rates.pictures / BATCH_ROWS)
    labelled = rates.classifiers * math.ceil(rates.pictures / STORE_PICTURES)
    scraped = rates.scrape_batches(number)
    return {
        "observations": (scraped, rates.observed(number) / scraped),
        "pictures": (fetched, rates.pictures / fetched),
        "fetches": (fetched, rates.pictures / fetched),
        "labels": (labelled, rates.pictures * rates.labels_per_picture * rates.classifiers / labelled),
    }


def _append(
    name: str, files: Sequence[LakeFile], batches: float, rows: float, row_bytes: float
) -> tuple[list[LakeFile], float]:
    """The files after so many appends and the merge of the night, and the bytes that both wrote."""
    table, written = TABLES[name], batches * rows * row_bytes
    found = [*files, *(_file(rows, row_bytes) for _ in range(round(batches)))]
    if small := files_to_merge(table, found):
        merged = sum(file.rows for file in small)
        count = max(1, round(merged / rows_per_file(table, merged)))
        names = {id(file) for file in small}
        found = [file for file in found if id(file) not in names]
        found += [_file(merged / count, row_bytes) for _ in range(count)]
        written += merged * row_bytes
    return found, written


def _file(rows: float, row_bytes: float) -> LakeFile:
    return LakeFile("", round(rows * row_bytes), round(rows), {}, {})


def _update(rates: Rates, content: Content, night: Forecast) -> None:
    """Tables that are divided by source. Ids grow with time, so that young posts are in the last files of a source."""
    observed = rates.observed(night.night)
    writes = {
        # New posts; `_refresh_posts` adds the unchanged ones.
        "posts": rates.sources * math.ceil(rates.posts / rates.sources / STORE_POSTS),
        # New posts are in some of the batches; then the hashes of new pictures are linked.
        "post_pictures": rates.sources * math.ceil(rates.posts / rates.sources / STORE_POSTS)
        + rates.sources * math.ceil(rates.pictures / rates.sources / LINK_ROWS),
        "latest_observations": 1,
        "post_labels": 1,
    }
    per_post = content.post_labels * rates.labels_per_picture * rates.classifiers * rates.pictures_per_post
    for name, commits in writes.items():
        parts = rates.sources * (rates.classifiers if name == "post_labels" else 1)
        in_part = night.rows[name] / parts
        night.files[name] = parts * max(1, round(in_part / GROUP_ROWS))
        if name in ("posts", "post_pictures"):
            touched = commits * min(in_part, rates.posts / rates.sources + GROUP_ROWS / 2)
        else:
            young = observed * (per_post if name == "post_labels" else 1)
            touched = parts * min(in_part, young / parts + GROUP_ROWS / 2)
        night.written[name] = touched * content.bytes[name]
        night.commits[name] = commits
    _refresh_posts(rates, content, night)


def _refresh_posts(rates: Rates, content: Content, night: Forecast) -> None:
    """At the end of a source's reading its posts are written once, in the order of their ids."""
    in_part, seen = night.rows["posts"] / rates.sources, rates.observed(night.night) / rates.sources
    commits = math.ceil(seen / REFRESHED_POSTS)
    # A piece in the middle ends in a file as it begins in one; the youngest posts end with the last file.
    touched = min(seen, REFRESHED_POSTS) + GROUP_ROWS / (1 if commits > 1 else 2)
    night.written["posts"] += rates.sources * commits * min(in_part, touched) * content.bytes["posts"]
    night.commits["posts"] += rates.sources * commits
