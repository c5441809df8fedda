"""The tables of the lake, one frozen row type each: the place where names, types and meanings are declared.

The Arrow schema, the Delta table, the view and its comments follow from the classes below. To add a column, add a
field; to add a table, list its class in `ROWS`. Times are UTC, counts are 64-bit, a missing number is null, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from warehouse.derived_tables import DERIVED_ROWS
from warehouse.run_tables import Charge, StageRun
from warehouse.table_schema import Row, SourceRow, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(SourceRow):
    """Posts of the accounts: what was posted, where and when."""

    table: ClassVar[str] = "posts"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    account: Annotated[str, "Account that posted it"]
    url: Annotated[str, "Page of the post"]
    kind: Annotated[str, "image, video or carousel"]
    posted_at: Annotated[datetime | None, "When it was posted (UTC)"]
    caption: Annotated[str | None, "Caption as plain text"]
    place: Annotated[str | None, "Location that the post names"]
    pinned: Annotated[bool | None, "Pinned to the top of the account; null: the source does not say"]
    first_seen_at: Annotated[datetime, "When a run first saw the post (UTC)"]
    last_seen_at: Annotated[datetime, "When a run last saw the post (UTC)"]
    gone_at: Annotated[
        datetime | None,
        "When a run first noticed that the source no longer shows it (UTC); null: it is shown",
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPicture(SourceRow):
    """Pictures of the posts, in their order: the address, and the stored picture that it leads to."""

    table: ClassVar[str] = "post_pictures"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "position")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    position: Annotated[
        int, "Position in the post: 0 for the first picture, 1 for the second of a carousel, …"
    ]
    picture_url: Annotated[str, "Address that the source last gave for the picture"]
    sha256: Annotated[str | None, "The stored picture; null until it is fetched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Row):
    """Likes, comments and shares of a post, each time a run saw it."""

    table: ClassVar[str] = "observations"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "observed_at")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    observed_at: Annotated[datetime, "When the page with the counts was read (UTC)"]
    likes: Annotated[int | None, "Number of likes; null when hidden or unknown"]
    comments: Annotated[int | None, "Number of comments; null when unknown"]
    likes_hidden: Annotated[bool, "True when the source says that the owner hides the likes"]
    likes_rounded: Annotated[bool | None, "True when shown rounded, as 36.0k; null: not recorded"] = None
    comments_rounded: Annotated[bool | None, "True when shown rounded; null: not recorded"] = None
    shares: Annotated[int | None, "Number of shares (boosts); null where the source has none"] = None
    shares_rounded: Annotated[bool | None, "True when shown rounded; null: not recorded"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountObservation(Row):
    """Size of an account, each time a run saw it."""

    table: ClassVar[str] = "accounts"
    key: ClassVar[tuple[str, ...]] = ("source", "account", "observed_at")

    source: Annotated[str, "Name of the source in the settings"]
    account: Annotated[str, "The account's name"]
    observed_at: Annotated[datetime, "When the account's page was read (UTC)"]
    followers: Annotated[int | None, "Number of followers; null when unknown"]
    following: Annotated[int | None, "Number of accounts that it follows; null when unknown"]
    posts: Annotated[int | None, "Number of posts as the account shows it; null when unknown"]
    rounded: Annotated[bool | None, "True when a number is rounded, such as 1.2m; null: not recorded"] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(SourceRow):
    """Comments under the posts, for sources that show them."""

    table: ClassVar[str] = "comments"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "comment_id")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    comment_id: Annotated[str, "The source's own id of the comment"]
    parent_id: Annotated[str | None, "Comment that this one replies to; null at the top of a thread"]
    author: Annotated[
        str | None, "Keyed hash of the author's name (or the name, by the settings); null: unknown"
    ]
    text: Annotated[str | None, "The comment as plain text"]
    posted_at: Annotated[datetime | None, "When it was written (UTC)"]
    likes: Annotated[int | None, "Number of likes of the comment; null when unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread(SourceRow):
    """When a post's own page or comment thread was last read: it is read again when the number changes."""

    table: ClassVar[str] = "threads"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    read_at: Annotated[datetime, "When it was last read (UTC)"]
    comments: Annotated[int | None, "Number of comments that the source showed then; null when unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(SourceRow):
    """Posts whose own page the last runs could not read; from the third attempt on a known gap."""

    table: ClassVar[str] = "gaps"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    attempts: Annotated[int, "Consecutive runs that requested the page and could not read it"]
    first_attempt_at: Annotated[datetime, "When the first of these runs requested it (UTC)"]
    last_attempt_at: Annotated[
        datetime,
        "When the last of them requested it (UTC); if threads.read_at is later, the page was read since",
    ]
    message: Annotated[str, "Why the page could not be read"]


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
        "unreadable (the file can't be decoded), no_labels (the classifier has no label for it), or, from a"
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


ROWS: tuple[type[Row], ...] = (
    Post,
    PostPicture,
    Observation,
    AccountObservation,
    Comment,
    Thread,
    Gap,
    Picture,
    Fetch,
    PictureLabel,
    Unlabelled,
    Embedding,
    Caption,
    LabelGroup,
    StageRun,
    Charge,
    *DERIVED_ROWS,
)

TABLES: dict[str, Table] = {row.table: Table(row) for row in ROWS}
