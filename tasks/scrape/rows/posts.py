"""One row as a post or as an account's numbers. A value that can't be read is null and a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tasks.errors import BadInput
from tasks.scrape.files.paging import FileItem
from tasks.scrape.files.seen_keys import SeenKeys
from tasks.scrape.pages import AccountInfo, ScrapedComment, ScrapedPost
from tasks.scrape.rows.cells import decode_cells, drop_missing, find_rounded_id, read_counts
from tasks.scrape.rows.evidence import COUNTS, Evidence
from tasks.scrape.rows.pictures import read_pictures
from tasks.scrape.rows.schema import VERSION, AccountRow, CommentRow, PostRow
from tasks.scrape.rows.validation import ConflictingRow, RowError, join_errors, validate_row
from tasks.scrape.values.text import shown

ROW_TYPES = ("post", "account")


@dataclass(frozen=True, slots=True)
class RowOptions:
    """How rows are read. `account`, and `url`, the template of a post's address, are for rows without them.

    `comments`: whether comments are read. `thread_of` returns a post's comments, where they are in a separate file.
    """

    account: str | None = None
    url: str | None = None
    comments: bool = True
    thread_of: Callable[[str], tuple[CommentRow, ...]] | None = None


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows of one file in `folder`."""

    folder: Path
    options: RowOptions
    evidence: Evidence
    seen: SeenKeys

    def read(self, value: dict[str, Any], item: FileItem, where: str) -> tuple[FileItem, list[RowError]]:
        """Read a row; return its item and the errors of optional values. Raises `RowError` where the row is lost."""
        value, errors = decode_cells(value)
        value = drop_missing(value)
        version, kind = value.pop("v", None), value.pop("type", "post")
        if isinstance(version, bool) or version != VERSION:
            _reject_version(version, where)
        if kind not in ROW_TYPES:
            raise RowError("type", f"{shown(kind)} is not one of {', '.join(ROW_TYPES)}")
        value.setdefault("account", self.options.account)
        if value["account"] is None:
            raise RowError("account", "is missing; write it in each row, or set `account` in the settings")
        if error := find_rounded_id(value, self.evidence):
            raise error
        value, bad = read_counts(value, self.evidence)
        errors += bad
        item = self._head(value, item, errors) if kind == "account" else self._post(value, item, errors)
        self._check_repeats(item, where)
        return item, errors

    def _head(self, value: dict[str, Any], item: FileItem, errors: list[RowError]) -> FileItem:
        marks = [value.pop(f"{field}_rounded", False) for field in COUNTS]
        row, bad = validate_row(AccountRow, value)
        errors += bad
        head = AccountInfo(
            followers=row.followers, following=row.following, posts=row.posts, rounded=any(marks)
        )
        return replace(item, account=row.account, head=head, observed_at=row.observed_at or item.observed_at)

    def _post(self, value: dict[str, Any], item: FileItem, errors: list[RowError]) -> FileItem:
        pictures = read_pictures(value.pop("pictures", None), self.folder)
        errors += pictures.errors
        if pictures.addresses is not None:
            value["pictures"] = pictures.addresses
        try:
            row, bad = validate_row(PostRow, value)
        except RowError as error:
            # A missing kind is reported with the pictures that could not be read.
            raise join_errors([*(pictures.errors if error.field == "kind" else ()), error]) from None
        errors += bad
        thread = self._thread(row)
        post = ScrapedPost(
            post_id=row.post_id,
            url=self._url(row, errors),
            kind=row.kind or ("carousel" if len(row.pictures) > 1 else "image"),
            posted_at=row.posted_at,
            caption=row.caption,
            place=row.place,
            pinned=row.pinned,
            likes=row.likes,
            comments=row.comments,
            likes_hidden=row.likes_hidden,
            pictures=() if row.kind == "video" else row.pictures,
            likes_rounded=row.likes_rounded,
            comments_rounded=row.comments_rounded,
            shares=row.shares,
            shares_rounded=row.shares_rounded,
            observed_at=row.observed_at,
            detailed=thread is not None,
            sparse=True,
            thread=self._comments(thread or (), errors),
        )
        missing = pictures.missing if post.pictures else []
        errors += [RowError("pictures", f"there is no file {shown(one)} beside this file") for one in missing]
        return replace(item, account=row.account, post=post)

    def _thread(self, row: PostRow) -> tuple[CommentRow, ...] | None:
        if not self.options.comments:
            return None
        if row.thread is None and self.options.thread_of is not None:
            return self.options.thread_of(row.post_id)
        return row.thread

    def _comments(self, thread: tuple[CommentRow, ...], errors: list[RowError]) -> tuple[ScrapedComment, ...]:
        """The comments without those whose ids are damaged; of those with one id only the first."""
        first: dict[str, CommentRow] = {}
        comments = []
        for position, row in enumerate(thread):
            ids = {"comment_id": row.comment_id, "parent_id": row.parent_id}
            error = find_rounded_id(ids, self.evidence, "thread.")
            if error is None and row.comment_id is not None and first.setdefault(row.comment_id, row) != row:
                why = f"{shown(row.comment_id)} is also the id of another comment of this post; this one was skipped"
                error = RowError("comment_id", why)
            if error is not None:
                errors.append(RowError(f"thread[{position}].{error.field}", error.why))
                continue
            comments.append(
                ScrapedComment(row.comment_id, row.author, row.text, row.parent_id, row.posted_at, row.likes)
            )
        return tuple(comments)

    def _url(self, row: PostRow, errors: list[RowError]) -> str:
        url = row.url or self.options.url
        if url is None:
            if bad := next((one for one in errors if one.field == "url"), None):
                raise bad
            why = "is missing; write it in each row, or set its template as `url` in the settings, with {post_id} in it"
            raise RowError("url", why)
        if row.url is None:
            for name, value in (("{post_id}", row.post_id), ("{account}", row.account)):
                url = url.replace(name, quote(value, safe=""))
        return url

    def _check_repeats(self, item: FileItem, where: str) -> None:
        """Raise `ConflictingRow` where an earlier row has the same key and other contents: neither is certain."""
        post = item.post
        field, kind, key = ("post_id", "post", post.post_id) if post else ("account", "account", item.account)
        observed_at = (post and post.observed_at) or item.observed_at
        contents = f"{item.account} {post or item.head}"
        first = self.seen.find_conflict((kind, str(key), observed_at.isoformat()), contents, where)
        if first is not None:
            raise ConflictingRow(
                field,
                f"the {kind} {shown(key)} is also in {first}, at the same time and with different contents; this row was"
                " skipped. Write `observed_at` in rows of one post; if these are two posts, the ids are damaged",
            )


def _reject_version(version: Any, where: str) -> None:
    if version is None:
        raise RowError("v", f'is missing; write "v": {VERSION}, the version of the schema')
    if isinstance(version, int) and not isinstance(version, bool):
        raise BadInput(
            f"{where}: v: this likelens reads version {VERSION} of the schema, and the file has {shown(version)}."
            " Write that version, or use a newer likelens."
        )
    raise RowError("v", f"{shown(version)} is not a version; write {VERSION}")
