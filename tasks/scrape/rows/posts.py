"""One row to a post or an account's numbers, by the schema; what of it can't be read is null and a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tasks.errors import BadInput
from tasks.scrape.files.paging import Found
from tasks.scrape.files.repeats import Repeats
from tasks.scrape.files.values import shown
from tasks.scrape.pages import AccountInfo, ScrapedComment, ScrapedPost
from tasks.scrape.rows.cells import check_ids, from_cells, with_counts, without_nothing
from tasks.scrape.rows.checking import BadRow, Contradiction, checked
from tasks.scrape.rows.evidence import COUNTS, Evidence
from tasks.scrape.rows.pictures import Pictures, pictures_of, split_pictures
from tasks.scrape.rows.schema import VERSION, AccountRow, CommentRow, PostRow

TYPES = ("post", "account")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What rows may leave to the settings: the account, and the form of a post's address."""

    account: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class RowReader:
    """Reads the rows of one file in `folder`. `thread_of` gives a post's comments, None where they are not read."""

    folder: Path
    defaults: Defaults
    evidence: Evidence
    met: Repeats
    comments: bool = True
    thread_of: Callable[[str], tuple[CommentRow, ...] | None] | None = None

    def read(self, value: dict[str, Any], found: Found, where: str) -> tuple[Found, list[BadRow]]:
        """What a row gives, and what of it could not be read. Raises `BadRow` where the whole row is lost."""
        value, lost = from_cells(value)
        value = without_nothing(value)
        version, kind = value.pop("v", None), value.pop("type", "post")
        if isinstance(version, bool) or version != VERSION:
            _refuse_version(version, where)
        if kind not in TYPES:
            raise BadRow("type", f"{shown(kind)} is none of {', '.join(TYPES)}")
        value.setdefault("account", self.defaults.account)
        if value["account"] is None:
            raise BadRow("account", "is missing; write it in each row, or as `account` in the settings")
        check_ids(value, self.evidence)
        value, bad = with_counts(value, self.evidence)
        lost += bad
        given = self._head(value, found, lost) if kind == "account" else self._post(value, found, lost)
        self._check_repeats(given, where)
        return given, lost

    def _head(self, value: dict[str, Any], found: Found, lost: list[BadRow]) -> Found:
        marks = [value.pop(f"{field}_rounded", False) for field in COUNTS]
        row, bad = checked(AccountRow, value)
        lost += bad
        head = AccountInfo(
            followers=row.followers, following=row.following, posts=row.posts, rounded=any(marks)
        )
        return replace(
            found, account=row.account, head=head, observed_at=row.observed_at or found.observed_at
        )

    def _post(self, value: dict[str, Any], found: Found, lost: list[BadRow]) -> Found:
        pictures = self._pictures(value, lost)
        try:
            row, bad = checked(PostRow, value)
        except BadRow as error:
            raise error if error.field != "kind" else _because(error, lost) from None
        lost += bad
        thread = self._thread(row)
        post = ScrapedPost(
            post_id=row.post_id,
            url=self._url(row, lost),
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
            observed_at=row.observed_at,
            detailed=thread is not None,
            sparse=True,
            thread=_comments(thread or (), lost),
        )
        missing = pictures.missing if post.pictures else []
        lost += [BadRow("pictures", f"there is no file {shown(one)} beside this file") for one in missing]
        return replace(found, account=row.account, post=post)

    def _pictures(self, value: dict[str, Any], lost: list[BadRow]) -> Pictures:
        """Put addresses in place of the row's pictures."""
        given = value.get("pictures")
        try:
            listed = split_pictures(given, self.folder)
        except ValueError as error:
            lost.append(BadRow("pictures", str(error)))
            del value["pictures"]
            return Pictures()
        if listed is None:
            return Pictures()
        pictures = pictures_of(listed, self.folder)
        lost += pictures.lost
        value["pictures"] = pictures.addresses
        return pictures

    def _thread(self, row: PostRow) -> tuple[CommentRow, ...] | None:
        if not self.comments:
            return None
        if row.thread is None and self.thread_of is not None:
            return self.thread_of(row.post_id)
        return row.thread

    def _url(self, row: PostRow, lost: list[BadRow]) -> str:
        if row.url is not None:
            return row.url
        url = self.defaults.url
        if url is None:
            if bad := next((one for one in lost if one.field == "url"), None):
                raise bad
            why = (
                "is missing; write it in each row, or its form as `url` in the settings, with {post_id} in it"
            )
            raise BadRow("url", why)
        for name, value in (("{post_id}", row.post_id), ("{account}", row.account)):
            url = url.replace(name, quote(value, safe=""))
        return url

    def _check_repeats(self, given: Found, where: str) -> None:
        """Raise `BadRow` where an earlier row has the same key and other contents: which one is right nobody knows."""
        said: object = given.post or given.head
        if given.post is not None:
            key = ("post", given.post.post_id)
            field, name = "post_id", f"the post {shown(given.post.post_id)}"
        else:
            key = ("account", str(given.account))
            field, name = "account", f"the account {shown(given.account)}"
        seen_at = (given.post and given.post.observed_at) or given.observed_at
        first = self.met.contradicted((*key, seen_at.isoformat()), f"{given.account} {said}", where)
        if first is not None:
            raise Contradiction(
                field,
                f"{name} is in {first} too, at the same time and with other contents; this row was left out. Give rows of"
                " one post their `observed_at`; where these are two posts, the ids are damaged",
            )


def _comments(thread: tuple[CommentRow, ...], lost: list[BadRow]) -> tuple[ScrapedComment, ...]:
    """The comments; of those with one id and different contents the first only."""
    first: dict[str, CommentRow] = {}
    kept = []
    for place, row in enumerate(thread):
        if row.comment_id is not None and first.setdefault(row.comment_id, row) != row:
            why = f"{shown(row.comment_id)} is the id of another comment of this post too; this one was left out"
            lost.append(BadRow(f"thread[{place}].comment_id", why))
            continue
        kept.append(
            ScrapedComment(row.comment_id, row.author, row.text, row.parent_id, row.posted_at, row.likes)
        )
    return tuple(kept)


def _because(error: BadRow, lost: list[BadRow]) -> BadRow:
    """A missing kind, told with the pictures that could not be read."""
    bad = [one for one in lost if one.field.startswith("pictures")]
    whole = "; ".join(str(one) for one in [*bad, error])
    field = bad[0].field if bad else error.field
    return BadRow(field, whole.removeprefix(f"{field}: "))


def _refuse_version(version: Any, where: str) -> None:
    if version is None:
        raise BadRow("v", f'is missing; write "v": {VERSION}, the version of the schema')
    if isinstance(version, int) and not isinstance(version, bool):
        raise BadInput(
            f"{where}: v: this likelens reads version {VERSION} of the schema, and the file says {shown(version)}."
            " Write it in that version, or use a newer likelens."
        )
    raise BadRow("v", f"{shown(version)} is no version; write {VERSION}")
