"""The tables of the lake, one frozen row type each: the place where names, types and meanings are declared.

The Arrow schema, the Delta table, the view and its comments follow from the classes below. To add a column, add a
field; to add a table, list its class in `ROWS`. Times are UTC, counts are 64-bit, a missing number is null, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from warehouse.schema.comment_tables import CommentReading, CommentTopic, Topic
from warehouse.schema.derived_tables import DERIVED_ROWS
from warehouse.schema.forecast_tables import ForecastRow
from warehouse.schema.picture_tables import (
    Caption,
    Embedding,
    Fetch,
    LabelGroup,
    Picture,
    PictureLabel,
    Unlabelled,
)
from warehouse.schema.run_tables import Charge, StageRun
from warehouse.schema.table_schema import Row, SourceRow, Table


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


ROWS: tuple[type[Row], ...] = (
    Post,
    PostPicture,
    Observation,
    AccountObservation,
    Comment,
    CommentReading,
    CommentTopic,
    Topic,
    Thread,
    Gap,
    Picture,
    Fetch,
    PictureLabel,
    Unlabelled,
    Embedding,
    Caption,
    LabelGroup,
    ForecastRow,
    StageRun,
    Charge,
    *DERIVED_ROWS,
)

TABLES: dict[str, Table] = {row.table: Table(row) for row in ROWS}
