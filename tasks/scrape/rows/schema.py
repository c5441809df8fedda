"""The schema `likelens posts`, version 1: what a post, a comment and an account may say in a file.

docs/files.md tells it to those who write such files. A field may be added to a version; one that changes
its meaning, or goes, makes a new version.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from tasks.scrape.files.values import LARGEST, shown, text_of, time_of, web_address

VERSION = 1
LONGEST_ID = 512
_MILLISECONDS = 100_000_000_000


def _unless_none(check: Callable[[Any], Any]) -> BeforeValidator:
    return BeforeValidator(lambda value: None if value is None else check(value))


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is no text; write it in quotes")  # noqa: TRY004 - pydantic gathers ValueErrors
    return text_of(value)


def _identity(value: Any) -> str:
    plain = (
        str(value)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST
        else value
    )
    text = _text(plain)
    if text is None or len(text) > LONGEST_ID:
        raise ValueError(f"{shown(value)} is no id; it is a text of 1 to {LONGEST_ID} characters")
    return text.strip()


def _count(value: Any) -> int:
    if value == -1:
        raise ValueError("-1 is no count; hidden likes are likes_hidden = true and no likes")
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST:
        raise ValueError(f"{shown(value)} is no count; it is a whole number from 0 on, or null when unknown")
    return value


def _time(value: Any) -> datetime:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if value > _MILLISECONDS:
            raise ValueError(f"{shown(value)} is no time in seconds; divide milliseconds by 1000")
        return time_of(value)
    try:
        read = datetime.fromisoformat(value) if isinstance(value, str) else value
        if isinstance(read, date) and not isinstance(read, datetime):
            read = datetime.combine(read, time())
        # What is neither text nor time has no time zone, so it is an AttributeError.
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, AttributeError, OverflowError):
        told = f"{shown(value)} is no time; write ISO 8601, as 2024-05-01T18:20:00Z, or Unix seconds"
        raise ValueError(told) from None


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{shown(value)} is neither true nor false")  # noqa: TRY004 - the same
    return value


def _address(value: Any) -> str:
    address = web_address(value)
    if address is None:
        raise ValueError(f"{shown(value)} is no http or https address")
    return address


def _list(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{shown(value)} is no list")  # noqa: TRY004 - the same
    return value


Identity = Annotated[str, BeforeValidator(_identity)]
MaybeIdentity = Annotated[str | None, _unless_none(_identity)]
Text = Annotated[str | None, _unless_none(_text)]
Count = Annotated[int | None, _unless_none(_count)]
Time = Annotated[datetime | None, _unless_none(_time)]
Flag = Annotated[bool, BeforeValidator(_flag)]
MaybeFlag = Annotated[bool | None, _unless_none(_flag)]
Address = Annotated[str | None, _unless_none(_address)]


class Row(BaseModel):
    """What all rows share: no key that the schema does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class CommentRow(Row):
    """One comment of a post's `thread`."""

    comment_id: MaybeIdentity = None
    author: Text = None
    text: Text = None
    parent_id: MaybeIdentity = None
    posted_at: Time = None
    likes: Count = None


class PostedCommentRow(CommentRow):
    """One comment in a table of comments, which names its post."""

    post_id: Identity


class PostRow(Row):
    """One post, as it was at `observed_at`."""

    account: Identity
    post_id: Identity
    url: Address = None
    kind: Literal["image", "video", "carousel"] | None = None
    posted_at: Time = None
    observed_at: Time = None
    caption: Text = None
    place: Text = None
    pinned: MaybeFlag = None
    likes: Count = None
    comments: Count = None
    likes_hidden: Flag = False
    likes_rounded: Flag = False
    comments_rounded: Flag = False
    pictures: Annotated[tuple[Annotated[str, BeforeValidator(_identity)], ...], BeforeValidator(_list)] = ()
    thread: Annotated[tuple[CommentRow, ...], BeforeValidator(_list)] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> PostRow:
        if self.likes_hidden and self.likes is not None:
            raise ValueError("likes: with likes_hidden = true there are none; leave likes out")
        if self.kind is None and not self.pictures:
            raise ValueError(
                "kind: it is missing, and there are no pictures to tell by: image, video or carousel"
            )
        if self.kind == "image" and len(self.pictures) > 1:
            raise ValueError(
                f"kind: 'image' has one picture, and there are {len(self.pictures)}: write carousel"
            )
        return self


class AccountRow(Row):
    """An account's own numbers at `observed_at`."""

    account: Identity
    observed_at: Time = None
    followers: Count = None
    following: Count = None
    posts: Count = None
