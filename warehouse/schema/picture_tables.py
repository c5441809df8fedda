"""The tables of pictures: the stored files, and what classifiers say about them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from warehouse.schema.table_schema import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(Row):
    """Stored pictures, each once, by the hash of their bytes."""

    table: ClassVar[str] = "pictures"
    key: ClassVar[tuple[str, ...]] = ("sha256",)

    sha256: Annotated[str, "SHA-256 of the picture's bytes, in lower-case hex"]
    bytes: Annotated[int, "Size of the fetched file in bytes"]
    width: Annotated[int, "Width in pixels, as fetched (before any EXIF rotation)"]
    height: Annotated[int, "Height in pixels, as fetched (before any EXIF rotation)"]
    format: Annotated[str, "Format of the fetched file: jpeg, png, webp, gif, …"]
    path: Annotated[str, "File, relative to the home folder: the fetched one, or a smaller copy"]
    fetched_at: Annotated[datetime, "When it was first stored (UTC)"]
    copy_sha256: Annotated[
        str | None, "SHA-256 of the smaller copy in path; null: path is the fetched file"
    ] = None
    copy_bytes: Annotated[int | None, "Size of the smaller copy in bytes; null: path is the fetched file"] = (
        None
    )
    reduced_at: Annotated[
        datetime | None,
        "When a smaller copy replaced the file, or it stayed because no copy is smaller (UTC); null: not yet",
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(Row):
    """Every attempt to fetch a picture, and its result."""

    table: ClassVar[str] = "fetches"
    key: ClassVar[tuple[str, ...]] = ("picture_url", "attempted_at")

    picture_url: Annotated[str, "Address that was requested"]
    attempted_at: Annotated[datetime, "When the attempt began (UTC)"]
    status: Annotated[str, "ok or failed"]
    reason: Annotated[str | None, "Why it failed: gone, refused, timeout, too_large, …; null when ok"]
    http_status: Annotated[int | None, "HTTP status of the last response; null when there was none"]
    sha256: Annotated[str | None, "The stored picture; null when it failed"]
    seconds: Annotated[float, "How long the attempt took, in seconds"]
    next_try_at: Annotated[
        datetime | None, "After a failure: when a run may retry (UTC); null: never, or not recorded"
    ] = None
    message: Annotated[
        str | None, "What came instead of a picture, and what to do; null when the reason is enough"
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLabel(Row):
    """What the pictures show according to the classifiers: one row for each label, best first."""

    table: ClassVar[str] = "labels"
    key: ClassVar[tuple[str, ...]] = ("sha256", "classifier", "version", "region", "rank")
    order: ClassVar[tuple[str, ...]] = ("classifier", "version", "sha256", "region", "rank")

    sha256: Annotated[str, "The picture"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    version: Annotated[str, "Version of the classifier: its weights or remote model version"]
    region: Annotated[int, "0 for the complete picture, 1, 2, … for its regions"]
    rank: Annotated[int, "1 for the best label of the picture or region, 2 for the next, …"]
    label: Annotated[str, "What is shown"]
    label_id: Annotated[str | None, "The classifier's own id of the label"]
    score: Annotated[float, "The classifier's confidence, 0 to 1"]
    x0: Annotated[float | None, "Left edge of the region as a fraction of the width; null for region 0"]
    y0: Annotated[float | None, "Top edge of the region as a fraction of the height; null for region 0"]
    x1: Annotated[float | None, "Right edge of the region as a fraction of the width; null for region 0"]
    y1: Annotated[float | None, "Bottom edge of the region as a fraction of the height; null for region 0"]
    labelled_at: Annotated[datetime, "When the classifier gave the label (UTC)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlabelled(Row):
    """Pictures that a classifier has processed without giving a label, and why."""

    table: ClassVar[str] = "unlabelled"
    key: ClassVar[tuple[str, ...]] = ("sha256", "classifier", "version")

    sha256: Annotated[str, "The picture"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    version: Annotated[str, "Version of the classifier: its weights or remote model version"]
    reason: Annotated[
        str,
        "unreadable (the file can't be decoded), no_labels (the classifier has no label for it), "
        "killed_workers (the processes of a cluster that labelled it died), or, from a"
        " remote service, too_large, refused or unanswered",
    ]
    message: Annotated[str | None, "Message of the decoder or the classifier"]
    attempted_at: Annotated[datetime, "When the classifier processed it (UTC)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding(Row):
    """Vectors that are close to each other for pictures that look alike, by the classifiers that store them."""

    table: ClassVar[str] = "embeddings"
    key: ClassVar[tuple[str, ...]] = ("sha256", "classifier", "version")
    order: ClassVar[tuple[str, ...]] = ("classifier", "version", "sha256")
    group_rows: ClassVar[int | None] = 128

    sha256: Annotated[str, "The picture"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    version: Annotated[
        str, "Version of the embeddings: the model and its preparation, without its class names"
    ]
    vector: Annotated[
        tuple[float, ...],
        "The embedding, with the precision of 16-bit floats; compare by cosine, within one version",
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caption(Row):
    """A sentence on each picture, by the classifiers of the kind caption."""

    table: ClassVar[str] = "captions"
    key: ClassVar[tuple[str, ...]] = ("sha256", "classifier", "version")
    order: ClassVar[tuple[str, ...]] = ("classifier", "version", "sha256")

    sha256: Annotated[str, "The picture"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    version: Annotated[str, "Version of the classifier: its model, prompt and schema"]
    caption: Annotated[str, "One sentence on what the picture shows, as plain text"]
    language: Annotated[str | None, "Language of the caption as ISO 639-1; null when unknown"]
    captioned_at: Annotated[datetime, "When the classifier wrote it (UTC)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelGroup(Row):
    """Plain words for groups of a classifier's labels: 'tabby' and 'tiger cat' are a 'cat'."""

    table: ClassVar[str] = "label_groups"
    key: ClassVar[tuple[str, ...]] = ("classifier", "label")

    classifier: Annotated[str, "Name of the classifier in the settings"]
    label: Annotated[str, "The label"]
    label_group: Annotated[str, "The word for its group; a label without a row is a group of its own"]
