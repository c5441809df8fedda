"""The kind `instagram_export`: the JSON that Instagram gives an account's owner to download, unpacked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tasks.errors import BadInput
from tasks.scrape.files.documents import Document, Unreadable, read_document
from tasks.scrape.files.paging import Found, as_pages
from tasks.scrape.files.pictures import local_address, shown_path
from tasks.scrape.files.source import FileSource, cursor_of
from tasks.scrape.files.values import Fields, at
from tasks.scrape.instagram_export.encoding import mended
from tasks.scrape.instagram_export.entry import Entries, entries_of
from tasks.scrape.instagram_export.layout import (
    account_in_name,
    connection_files,
    personal_file,
    post_files,
    root_of,
)
from tasks.scrape.model import Lackable, SourceModel
from tasks.scrape.pages import AccountInfo, Page
from tasks.scrape.read_context import ReadContext

MAX_BYTES = 128 * 1024 * 1024
"""Of one file: `posts_1.json` has all posts of many years."""
TELL_PROBLEMS = 3
LACKS: tuple[Lackable, ...] = ("likes", "comments")
"""An export says neither how many liked a post nor how many wrote under it."""


class InstagramExportSettings(SourceModel):
    """`[[sources]]` with `kind = "instagram_export"`; `account` where the export does not name it."""

    kind: Literal["instagram_export"]
    may_lack: tuple[Lackable, ...] = LACKS
    folder: str = Field(min_length=1)
    account: str | None = Field(default=None, min_length=1)

    def open(self, folder: Path) -> InstagramExport:
        """Make the source; the folder need not be there yet."""
        path = folder / Path(self.folder).expanduser()
        return InstagramExport(name=self.name, path=path, may_lack=self.may_lack, account=self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstagramExport(FileSource):
    """The unpacked export as a source. Its times are those of its files."""

    account: str | None = None

    def pages(self, context: ReadContext) -> Iterator[Page]:
        """The account's numbers and posts. Raises `BadInput` when this is no export."""
        after, ended = cursor_of(context)
        return iter(()) if ended else as_pages(self._found(after), self.address)

    def _found(self, after: str | None) -> Iterator[Found]:
        root = root_of(self.path)
        account = self.account or _account_of(root)
        if after is None:
            yield from _head(root, account)
        entries = Entries(account, lambda uri: local_address(root / uri, root))
        good, problems = 0, list[str]()
        for place, file in enumerate(post_files(root)):
            for one in _posts(file, root, place, entries):
                good += one.post is not None
                problems += one.problems[: max(0, TELL_PROBLEMS - len(problems))]
                if _place(one.cursor) > _place(after):
                    yield one
        if not good and "posts" not in self.may_lack:
            raise BadInput(f"No post of the export {root} could be read. {'; '.join(problems)}".strip())


def _posts(file: Path, root: Path, place: int, entries: Entries) -> Iterator[Found]:
    where = shown_path(file, root)
    try:
        document = read_document(file.resolve(), MAX_BYTES)
        listed = _entries(document)
    except Unreadable as error:
        yield Found(f"{place}:0", datetime.now(UTC), problems=(f"{where} {error}",), unparsed=("id",))
        return
    for number, entry in enumerate(listed, start=1):
        fields = Fields(f"{where}, entry {number}")
        post = entries.post(entry, fields)
        yield Found(
            f"{place}:{number}",
            document.modified,
            entries.account,
            None if post is None else replace(post, observed_at=document.modified),
            problems=tuple(fields.problems),
            unparsed=tuple(fields.unparsed),
        )


def _entries(document: Document) -> list[Any]:
    listed = entries_of(document.value)
    if listed is None:
        raise Unreadable("has no list of posts; its form may be newer than this likelens")
    return listed


def _head(root: Path, account: str) -> Iterator[Found]:
    """The account's numbers, by the lists of its followers and of those whom it follows."""
    fields, times = Fields(shown_path(root, root.parent)), []
    counted: dict[str, int | None] = {}
    for what in ("followers", "following"):
        total: int | None = None
        for file in connection_files(root, what):
            try:
                document = read_document(file.resolve(), MAX_BYTES)
                total = (total or 0) + len(_entries(document))
                times.append(document.modified)
            except Unreadable as error:
                fields.lost(what, f"{shown_path(file, root)} {error}")
                total = None
                break
        counted[what] = total
    if times or fields.problems:
        head = AccountInfo(followers=counted["followers"], following=counted["following"])
        seen_at = max(times, default=datetime.now(UTC))
        told = tuple(fields.problems), tuple(fields.unparsed)
        yield Found("", seen_at, account, head=head if times else None, problems=told[0], unparsed=told[1])


def _account_of(root: Path) -> str:
    file = personal_file(root)
    named: Any = None
    if file is not None:
        try:
            value = read_document(file.resolve()).value
            named = at(value, "profile_user", 0, "string_map_data", "Username", "value")
        except Unreadable:
            named = None
    account = mended(named) or account_in_name(root)
    if account is None:
        raise BadInput(
            f"The export {root} does not name its account in a way that likelens knows (the words in it are in your"
            " language). Write `account` for this source."
        )
    return account.strip()


def _place(cursor: str | None) -> tuple[int, int]:
    place, _, number = (cursor or "").partition(":")
    return (int(place), int(number)) if number else (-1, 0)
