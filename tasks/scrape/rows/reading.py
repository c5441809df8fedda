"""Rows to posts, file by file.

A row that does not fit costs only itself: it is left out, and told with its file, line and field. A file
that has no good row, or that says another version, is an error.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote

from tasks.errors import BadInput
from tasks.scrape.files.documents import Unreadable, is_future, modified_at, open_regular
from tasks.scrape.files.paging import Found
from tasks.scrape.files.values import shown
from tasks.scrape.pages import Head, ScrapedComment, ScrapedPost
from tasks.scrape.rows.checking import BadRow, checked
from tasks.scrape.rows.pictures import pictures_of
from tasks.scrape.rows.schema import VERSION, AccountRow, CommentRow, PostRow

TELL_PROBLEMS = 1_000
"""So many bad rows of a file are told one by one; the others are counted."""
GIVE_UP_AFTER = 1_000
"""A file that begins with so many bad rows, and no good one, is not read on."""
TYPES = ("post", "account")


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it stands in the file; `problem` is why it can't be read, `mended` that bytes were replaced."""

    line: int
    value: dict[str, Any]
    problem: BadRow | None = None
    mended: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form of file: how its rows are read, and what a message calls one (`line`, `row`)."""

    raws: Callable[[BinaryIO, Path], Iterator[Raw]]
    word: str = "line"


@dataclass(frozen=True, slots=True)
class Defaults:
    """What rows may leave to the settings: the account, and the form of a post's address."""

    account: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a source's files are read. `thread_of` gives a post's comments where they are in a file of their own."""

    form_of: Callable[[BinaryIO], Form]
    defaults: Defaults
    comments: bool = True
    thread_of: Callable[[str], tuple[CommentRow, ...] | None] | None = None


class FileReader:
    """Reads one file, behind the line `after`; `good` and `bad` count its rows."""

    def __init__(self, file: Path, how: Reading, after: int = 0) -> None:
        self.file = file
        self.how = how
        self.after = after
        self.good = self.bad = 0
        self.first: list[str] = []

    def found(self) -> Iterator[Found]:
        """What the rows give. Raises `BadInput`."""
        try:
            with open_regular(self.file.resolve()) as opened:
                modified = modified_at(os.fstat(opened.fileno()))
                yield from self._found(opened, modified)
        except Unreadable as error:
            raise BadInput(f"The file {self.file} {error}.") from None
        except OSError as error:
            raise BadInput(f"The file {self.file} can't be read ({error.strerror or error}).") from None

    def _found(self, opened: BinaryIO, modified: datetime) -> Iterator[Found]:
        form, line, cut = self.how.form_of(opened), self.after, []
        try:
            for raw in form.raws(opened, self.file):
                line = raw.line
                if line > self.after:
                    yield self._one(raw, modified, form.word)
        except Unreadable as error:
            if not (self.good or self.after):
                raise
            cut = [f"{self.file.name} {error}"]
        self._check()
        if self.bad > TELL_PROBLEMS:
            cut.append(f"{self.file.name}: {self.bad - TELL_PROBLEMS:,} more {form.word}s could not be read")
        if cut:
            yield Found(
                self.cursor(line), modified, problems=tuple(cut), unparsed=("id",), part=str(self.file)
            )

    def cursor(self, line: int) -> str:
        """Behind a line of this file."""
        return f"{quote(os.fsencode(self.file))}:{line}"

    def _check(self) -> None:
        if self.bad and not (self.good or self.after):
            raise BadInput(
                f"No row of {self.file} could be read. {'; '.join(self.first)}. Mend the file; its schema is in"
                " docs/files.md."
            )

    def _one(self, raw: Raw, modified: datetime, word: str) -> Found:
        where = f"{self.file.name}, {word} {raw.line}"
        found = Found(self.cursor(raw.line), modified, part=str(self.file))
        try:
            if raw.problem is not None:
                return self._left_out(found, where, raw.problem)
            gave = self._read(raw.value, found, where)
        except BadRow as error:
            return self._left_out(found, where, error)
        self.good += 1
        mended = (f"{where}: bytes that are no UTF-8 were replaced by U+FFFD",) if raw.mended else ()
        return replace(gave, problems=(*gave.problems, *mended))

    def _left_out(self, found: Found, where: str, error: BadRow) -> Found:
        self.bad += 1
        told = f"{where}: {error}"
        if len(self.first) < 3:
            self.first.append(told)
        if self.bad >= GIVE_UP_AFTER:
            self._check()
        field = error.field.partition("[")[0].partition(".")[0] or "row"
        # Which post it was is not known for sure: so it counts as one without an id.
        return found if self.bad > TELL_PROBLEMS else replace(found, problems=(told,), unparsed=("id", field))

    def _read(self, value: dict[str, Any], found: Found, where: str) -> Found:
        value = dict(value)
        version, kind = value.pop("v", None), value.pop("type", "post")
        if isinstance(version, bool) or version != VERSION:
            self._refuse_version(version, where)
        if kind not in TYPES:
            raise BadRow("type", f"{shown(kind)} is none of {', '.join(TYPES)}")
        value.setdefault("account", self.how.defaults.account)
        if value["account"] is None:
            raise BadRow("account", "is missing; write it in each row, or as `account` in the settings")
        return self._head(value, found) if kind == "account" else self._post(value, found, where)

    def _refuse_version(self, version: Any, where: str) -> None:
        if version is None:
            raise BadRow("v", f'is missing; write "v": {VERSION}, the version of the schema')
        if isinstance(version, int) and not isinstance(version, bool):
            raise BadInput(
                f"{where}: v: this likelens reads version {VERSION} of the schema, and the file says {shown(version)}."
                " Write it in that version, or use a newer likelens."
            )
        raise BadRow("v", f"{shown(version)} is no version; write {VERSION}")

    def _head(self, value: dict[str, Any], found: Found) -> Found:
        row = checked(AccountRow, value)
        _check_past(row.observed_at)
        head = Head(followers=row.followers, following=row.following, posts=row.posts)
        return replace(
            found, account=row.account, head=head, observed_at=row.observed_at or found.observed_at
        )

    def _post(self, value: dict[str, Any], found: Found, where: str) -> Found:
        row = checked(PostRow, value)
        _check_past(row.observed_at)
        pictures = pictures_of(row.pictures, self.file.parent)
        thread = self._thread(row)
        post = ScrapedPost(
            post_id=row.post_id,
            url=self._url(row),
            kind=row.kind or ("carousel" if len(row.pictures) > 1 else "image"),
            posted_at=row.posted_at,
            caption=row.caption,
            place=row.place,
            pinned=row.pinned,
            likes=row.likes,
            comments=row.comments,
            likes_hidden=row.likes_hidden,
            pictures=() if row.kind == "video" else tuple(pictures.addresses),
            likes_rounded=row.likes_rounded,
            comments_rounded=row.comments_rounded,
            observed_at=row.observed_at,
            detailed=thread is not None,
            thread=tuple(_comment(one) for one in thread or ()),
        )
        missing = pictures.missing if post.pictures else []
        problems = tuple(
            f"{where}: pictures: there is no file {shown(one)} beside this file" for one in missing
        )
        return replace(
            found, account=row.account, post=post, problems=problems, unparsed=("pictures",) * len(problems)
        )

    def _thread(self, row: PostRow) -> tuple[CommentRow, ...] | None:
        if not self.how.comments:
            return None
        if row.thread is None and self.how.thread_of is not None:
            return self.how.thread_of(row.post_id)
        return row.thread

    def _url(self, row: PostRow) -> str:
        if row.url is not None:
            return row.url
        url = self.how.defaults.url
        if url is None:
            why = (
                "is missing; write it in each row, or its form as `url` in the settings, with {post_id} in it"
            )
            raise BadRow("url", why)
        for name, value in (("{post_id}", row.post_id), ("{account}", row.account)):
            url = url.replace(name, quote(value, safe=""))
        return url


def _check_past(observed_at: datetime | None) -> None:
    if observed_at is not None and is_future(observed_at):
        raise BadRow(
            "observed_at", f"{observed_at:%Y-%m-%d} lies in the future; nothing can have been read then"
        )


def _comment(row: CommentRow) -> ScrapedComment:
    return ScrapedComment(row.comment_id, row.author, row.text, row.parent_id, row.posted_at, row.likes)
