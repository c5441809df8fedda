"""The schema `likelens posts`, version 1: the fields of a post, a comment and an account in a file.

docs/files.md describes it to those who write such files. A version may gain fields; a field that changes
its meaning, or is removed, makes a new version.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from tasks.scrape.rows.identity import read_identity, read_post_identity
from tasks.scrape.values.addresses import web_address
from tasks.scrape.values.counts import read_exact_count
from tasks.scrape.values.text import shown, text_of
from tasks.scrape.values.times import read_time

VERSION = 1
MAX_ADDRESS = 8_192
_FLAGS = dict.fromkeys(("true", "yes", "1", "1.0"), True) | dict.fromkeys(("false", "no", "0", "0.0"), False)
_LOST = "\ufffd"
"""Stands for bytes that could not be decoded."""


def _unless_none(check: Callable[[Any], Any]) -> BeforeValidator:
    return BeforeValidator(lambda value: None if value is None else check(value))


def _text(value: Any) -> str | None:
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not text; write it in quotes")  # noqa: TRY004 - pydantic gathers ValueErrors
    return text_of(value)


def _name(value: Any) -> str | None:
    text = _text(value)
    if text is not None and _LOST in text:
        raise ValueError(f"{shown(value)} is not a name: some letters were lost")
    return text


def _count(value: Any) -> int:
    if value == -1 or (isinstance(value, str) and value.strip() == "-1"):
        raise ValueError("-1 is not a count; for hidden likes write likes_hidden = true and no likes")
    try:
        return read_exact_count(value)
    except ValueError as error:
        raise ValueError(f"{error}; write a whole number from 0 on, or null when unknown") from None


def _flag(value: Any) -> bool:
    flag = _FLAGS.get(str(value).strip().casefold()) if isinstance(value, str | int | float) else None
    if flag is None:
        raise ValueError(f"{shown(value)} is neither true nor false")
    return flag


def _address(value: Any) -> str:
    address = web_address(value)
    if address is None or _LOST in address:
        raise ValueError(f"{shown(value)} is not an http or https address")
    return address


def _picture(value: Any) -> str:
    text = _text(value)
    if text is None or len(text) > MAX_ADDRESS:
        raise ValueError(f"{shown(value)} is not a picture's address; it has 1 to {MAX_ADDRESS} characters")
    return text.strip()


def _list(value: Any) -> Any:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{shown(value)} is not a list")  # noqa: TRY004 - the same
    return value


Identity = Annotated[str, BeforeValidator(read_identity)]
PostIdentity = Annotated[str, BeforeValidator(read_post_identity)]
MaybePostIdentity = Annotated[str | None, _unless_none(read_post_identity)]
Text = Annotated[str | None, _unless_none(_text)]
Count = Annotated[int | None, _unless_none(_count)]
Time = Annotated[datetime | None, _unless_none(read_time)]
Flag = Annotated[bool, BeforeValidator(lambda value: False if value is None else _flag(value))]
Name = Annotated[str | None, _unless_none(_name)]
MaybeFlag = Annotated[bool | None, _unless_none(_flag)]
Address = Annotated[str | None, _unless_none(_address)]


class Row(BaseModel):
    """Base of all rows: keys outside the schema are errors.

    A value of a field in `essential` that can't be read costs the row; any other such value is null.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    essential: ClassVar[frozenset[str]]


class CommentRow(Row):
    """One comment of a post's `thread`."""

    essential: ClassVar[frozenset[str]] = frozenset({"comment_id"})

    comment_id: MaybePostIdentity = None
    author: Name = None
    text: Text = None
    parent_id: MaybePostIdentity = None
    posted_at: Time = None
    likes: Count = None


class PostedCommentRow(CommentRow):
    """One comment in a table of comments, which names its post."""

    essential: ClassVar[frozenset[str]] = frozenset({"post_id", "comment_id"})

    post_id: PostIdentity


class PostRow(Row):
    """One post, as it was at `observed_at`."""

    # `kind`: nothing else names the post's kind. `observed_at`: the numbers would get another time.
    essential: ClassVar[frozenset[str]] = frozenset({"account", "post_id", "kind", "observed_at"})

    account: Identity
    post_id: PostIdentity
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
    shares: Count = None
    shares_rounded: Flag = False
    pictures: Annotated[
        tuple[Annotated[str, BeforeValidator(_picture)], ...],
        BeforeValidator(lambda value: () if value is None else _list(value)),
    ] = ()
    thread: Annotated[tuple[CommentRow, ...], BeforeValidator(_list)] | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> PostRow:
        if self.likes_hidden and self.likes is not None:
            raise ValueError("likes: a row with likes_hidden = true has no likes; remove likes")
        if self.kind is None and not self.pictures:
            raise ValueError(
                "kind: it is missing, and there are no pictures to infer it from: image, video or carousel"
            )
        if self.kind == "image" and len(self.pictures) > 1:
            raise ValueError(
                f"kind: 'image' has one picture, and there are {len(self.pictures)}: write carousel"
            )
        return self


class AccountRow(Row):
    """An account's own numbers at `observed_at`."""

    essential: ClassVar[frozenset[str]] = frozenset({"account", "observed_at"})

    account: Identity
    observed_at: Time = None
    followers: Count = None
    following: Count = None
    posts: Count = None
