"""The lake's tables: one frozen row type each, which is where names, types and meanings are declared.

The Arrow schema, the Delta table, the view in the published database and its comments all follow from
the classes below. To add a column, add a field with its comment; to add a table, add a class and name
it in `TABLES`. Times are UTC, counts are 64-bit, and a missing number is null, never 0 or -1.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any, ClassVar

import pyarrow as pa

_ARROW_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", tz="UTC"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What every row type is: a frozen value with a table name and a key."""

    table: ClassVar[str]
    key: ClassVar[tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post(Row):
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
    place: Annotated[str | None, "Place that the post names"]
    pinned: Annotated[bool | None, "Pinned to the top of the account; null where the source does not say"]
    first_seen_at: Annotated[datetime, "When a run first saw the post (UTC)"]
    last_seen_at: Annotated[datetime, "When a run last saw the post (UTC)"]
    gone_at: Annotated[
        datetime | None, "When a run first saw that the source no longer shows it (UTC); null while it does"
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPicture(Row):
    """Pictures of the posts, in their order: which address, and which stored picture it turned out to be."""

    table: ClassVar[str] = "post_pictures"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "position")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    position: Annotated[int, "Place in the post: 0 for the first picture, 1 for the second of a carousel, …"]
    picture_url: Annotated[str, "Address that the source last gave for the picture"]
    sha256: Annotated[str | None, "The stored picture; null until it is fetched"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(Row):
    """Likes and comments of a post, each time a run saw it."""

    table: ClassVar[str] = "observations"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "observed_at")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    observed_at: Annotated[datetime, "When the page with the counts was read (UTC)"]
    likes: Annotated[int | None, "Number of likes; null when hidden or unknown"]
    comments: Annotated[int | None, "Number of comments; null when unknown"]
    likes_hidden: Annotated[bool, "True when the source says that the owner hides the likes"]
    likes_rounded: Annotated[
        bool | None, "True when the source shows likes with less than all digits, as 36.0k; null: not noted"
    ] = None
    comments_rounded: Annotated[
        bool | None, "True when the source shows comments with less than all digits; null: not noted"
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountObservation(Row):
    """Size of an account, each time a run saw it."""

    table: ClassVar[str] = "accounts"
    key: ClassVar[tuple[str, ...]] = ("source", "account", "observed_at")

    source: Annotated[str, "Name of the source in the settings"]
    account: Annotated[str, "The account's name"]
    observed_at: Annotated[datetime, "When the account's page was read (UTC)"]
    followers: Annotated[int | None, "Number of followers; null when unknown"]
    following: Annotated[int | None, "Number of accounts it follows; null when unknown"]
    posts: Annotated[int | None, "Number of posts by the account's own count; null when unknown"]
    rounded: Annotated[
        bool | None, "True when one of the numbers has less than all digits, as 1.2m; null: not noted"
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Row):
    """Comments under the posts, for sources that show them."""

    table: ClassVar[str] = "comments"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id", "comment_id")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    comment_id: Annotated[str, "The source's own id of the comment"]
    parent_id: Annotated[str | None, "Comment that this one answers; null at the top of a thread"]
    author: Annotated[
        str | None,
        "Keyed hash of the author's name, or the name where the settings keep names; null: unknown",
    ]
    text: Annotated[str | None, "The comment as plain text"]
    posted_at: Annotated[datetime | None, "When it was written (UTC)"]
    likes: Annotated[int | None, "Number of likes of the comment; null when unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread(Row):
    """When a post's own page or thread of comments was last read: it is read again when the number changes."""

    table: ClassVar[str] = "threads"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    read_at: Annotated[datetime, "When it was last read (UTC)"]
    comments: Annotated[int | None, "Number of comments that the source counted then; null when unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap(Row):
    """Posts whose own page could not be read since it was last read; from the third attempt on a known gap."""

    table: ClassVar[str] = "gaps"
    key: ClassVar[tuple[str, ...]] = ("source", "post_id")

    source: Annotated[str, "Name of the source in the settings"]
    post_id: Annotated[str, "The source's own id of the post"]
    attempts: Annotated[int, "Runs in a row that requested the page in vain"]
    first_attempt_at: Annotated[datetime, "When the first of them did (UTC)"]
    last_attempt_at: Annotated[
        datetime, "When the last of them did (UTC); threads.read_at after it: the page was read since"
    ]
    message: Annotated[str, "Why the page could not be read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture(Row):
    """Stored pictures, each once, by the hash of their bytes."""

    table: ClassVar[str] = "pictures"
    key: ClassVar[tuple[str, ...]] = ("sha256",)

    sha256: Annotated[str, "SHA-256 of the picture's bytes, in lower-case hex"]
    bytes: Annotated[int, "Size of the file in bytes"]
    width: Annotated[int, "Width in pixels, as stored (before any EXIF rotation)"]
    height: Annotated[int, "Height in pixels, as stored (before any EXIF rotation)"]
    format: Annotated[str, "File format: jpeg, png, webp, gif, …"]
    path: Annotated[str, "File, relative to the home folder"]
    fetched_at: Annotated[datetime, "When it was first stored (UTC)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(Row):
    """Every attempt to fetch a picture, and how it ended."""

    table: ClassVar[str] = "fetches"
    key: ClassVar[tuple[str, ...]] = ("picture_url", "attempted_at")

    picture_url: Annotated[str, "Address that was asked"]
    attempted_at: Annotated[datetime, "When the attempt began (UTC)"]
    status: Annotated[str, "ok or failed"]
    reason: Annotated[
        str | None, "Why it failed: gone, refused, timeout, too_large, not_a_picture, …; null when ok"
    ]
    http_status: Annotated[int | None, "HTTP status of the last answer; null when there was none"]
    sha256: Annotated[str | None, "The stored picture; null when it failed"]
    seconds: Annotated[float, "How long the attempt took, in seconds"]
    next_try_at: Annotated[
        datetime | None,
        "After a failure: from when on a run tries again (UTC); null: not again, or not noted",
    ] = None
    message: Annotated[
        str | None, "What came instead of a picture, and what to do; null when the reason says it all"
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureLabel(Row):
    """What the classifiers say the pictures show: a row a label, best first."""

    table: ClassVar[str] = "labels"
    key: ClassVar[tuple[str, ...]] = ("sha256", "classifier", "version", "region", "rank")

    sha256: Annotated[str, "The picture"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    version: Annotated[str, "Version of the classifier: its weights or remote model version"]
    region: Annotated[int, "0 for the whole picture, 1, 2, … for its regions"]
    rank: Annotated[int, "1 for the best label of the picture or region, 2 for the next, …"]
    label: Annotated[str, "What is shown"]
    label_id: Annotated[str | None, "The classifier's own id of the label"]
    score: Annotated[float, "How sure the classifier is, 0 to 1"]
    x0: Annotated[
        float | None, "Left edge of the region, as a fraction of the width; null for the whole picture"
    ]
    y0: Annotated[
        float | None, "Top edge of the region, as a fraction of the height; null for the whole picture"
    ]
    x1: Annotated[
        float | None, "Right edge of the region, as a fraction of the width; null for the whole picture"
    ]
    y1: Annotated[
        float | None, "Bottom edge of the region, as a fraction of the height; null for the whole picture"
    ]
    labelled_at: Annotated[datetime, "When the classifier said so (UTC)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlabelled(Row):
    """Pictures that a classifier was asked about and gave no label for, and why."""

    table: ClassVar[str] = "unlabelled"
    key: ClassVar[tuple[str, ...]] = ("sha256", "classifier", "version")

    sha256: Annotated[str, "The picture"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    version: Annotated[str, "Version of the classifier: its weights or remote model version"]
    reason: Annotated[
        str,
        "unreadable (the file can't be decoded), no_labels (the classifier found nothing), or, where a service"
        " is asked, too_large, refused or unanswered",
    ]
    message: Annotated[str | None, "What the decoder or the classifier said"]
    attempted_at: Annotated[datetime, "When the classifier was asked (UTC)"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelGroup(Row):
    """Plain words that labels of a classifier stand for: 'tabby' and 'tiger cat' are a 'cat'."""

    table: ClassVar[str] = "label_groups"
    key: ClassVar[tuple[str, ...]] = ("classifier", "label")

    classifier: Annotated[str, "Name of the classifier in the settings"]
    label: Annotated[str, "The label"]
    label_group: Annotated[str, "The word for it and its like; a label without a row stands for itself"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Row):
    """What was sent to services that cost money: a row for each picture of each request, written before it."""

    table: ClassVar[str] = "charges"
    key: ClassVar[tuple[str, ...]] = ("request_id", "position")

    request_id: Annotated[str, "The request"]
    position: Annotated[int, "Place of the picture in the request: 0, 1, …"]
    sha256: Annotated[str | None, "The picture; null when it was forgotten since"]
    classifier: Annotated[str, "Name of the classifier in the settings"]
    model: Annotated[str, "The service's id of the model that was asked"]
    model_version: Annotated[str, "The service's id of the model's version"]
    sent_at: Annotated[datetime, "When the request was about to be sent (UTC)"]
    ended_at: Annotated[datetime | None, "When its end was noted (UTC); null until then"]
    outcome: Annotated[
        str,
        "sent (the end is not noted yet), billed, not_billed or unknown; all but not_billed count as spent",
    ]
    reason: Annotated[
        str | None,
        "Why there is no label: picture_failed, split, try_later, no_answer, cut_off, stopped or not_sent; null"
        " when it was answered",
    ]
    message: Annotated[str | None, "What the service said, where it gave no label"]
    price: Annotated[
        float | None, "Price of one picture by the settings at that time; null when they name none"
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun(Row):
    """What ran: a row for each stage and lane of a run, and one (stage run) for the run itself."""

    table: ClassVar[str] = "runs"
    key: ClassVar[tuple[str, ...]] = ("run_id", "stage", "lane")

    run_id: Annotated[str, "The run; a run that was cut off and went on later keeps its id"]
    stage: Annotated[str, "scrape, fetch, classify, tag, publish, rank, report, or run for the whole"]
    lane: Annotated[str, "The source or classifier; empty where the stage has no lanes"]
    started_at: Annotated[datetime, "When it began (UTC)"]
    ended_at: Annotated[datetime | None, "When it ended (UTC); null while it runs or when it was cut off"]
    status: Annotated[str, "running, done, incomplete, failed or interrupted"]
    items: Annotated[int | None, "How many posts, pictures or rows it handled"]
    failures: Annotated[int | None, "How many items failed"]
    message: Annotated[str | None, "What a person should know"]
    version: Annotated[str | None, "Version of the classifier that was loaded; null for other stages"]
    counts: Annotated[
        str | None, "What was counted, as JSON: for scrape pages, posts, nulls and unparsed values by field"
    ] = None


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
    LabelGroup,
    StageRun,
    Charge,
)


class Column(typing.NamedTuple):
    """A column of a table: name, Arrow type, whether null is allowed, and what it means."""

    name: str
    type: pa.DataType
    nullable: bool
    comment: str


class Table:
    """A table of the lake, read off its row type.

    Raises `TypeError` when a field has no comment or a type that the lake does not store.
    """

    def __init__(self, row: type[Row]) -> None:
        self.row = row
        self.name = row.table
        self.key = row.key
        self.comment = (row.__doc__ or "").strip()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """The columns in their order."""
        hints = typing.get_type_hints(self.row, include_extras=True)
        return tuple(_column(field.name, hints[field.name]) for field in fields(self.row))

    @cached_property
    def schema(self) -> pa.Schema:
        """The Arrow schema; each field carries its comment as Spark and Delta expect it."""
        return pa.schema(
            [pa.field(c.name, c.type, c.nullable, metadata={"comment": c.comment}) for c in self.columns]
        )

    def to_arrow(self, rows: Iterable[Row]) -> pa.Table:
        """Rows of this table as an Arrow table with the table's schema."""
        held = list(rows)
        arrays = [pa.array([getattr(row, c.name) for row in held], c.type) for c in self.columns]
        return pa.Table.from_arrays(arrays, schema=self.schema)


def _column(name: str, hint: Any) -> Column:
    if typing.get_origin(hint) is not Annotated:
        raise TypeError(f"column {name} needs Annotated[type, 'comment']")
    inner, comment = typing.get_args(hint)
    nullable = isinstance(inner, types.UnionType)
    if nullable:
        (inner,) = (t for t in typing.get_args(inner) if t is not types.NoneType)
    if inner not in _ARROW_TYPES:
        raise TypeError(f"column {name}: the lake stores no {inner}")
    return Column(name, _ARROW_TYPES[inner], nullable, comment)


TABLES: dict[str, Table] = {row.table: Table(row) for row in ROWS}
