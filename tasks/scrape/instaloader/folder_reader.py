"""Reads one JSON file of the folder, and the files beside it.

The shortcode in the JSON identifies a post, because file names follow patterns that users change. Its
counts are those of the time when the JSON was written, so reading it again adds nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.scrape.files.documents import JsonFile, UnreadableFile
from tasks.scrape.files.local_files import local_address, read_begin, read_json_inside, shown_path
from tasks.scrape.files.paging import FileItem
from tasks.scrape.files.seen_keys import SeenKeys
from tasks.scrape.instaloader.comments import comments_of
from tasks.scrape.instaloader.listing import COMMENTS, FolderEntry
from tasks.scrape.instaloader.owners import Owner, Owners, coauthors_of, is_same, poster_of
from tasks.scrape.instaloader.pictures import SiblingFiles, pictures_of
from tasks.scrape.instaloader.post import Node, head_of, node_of, post_of, shortcode_of
from tasks.scrape.pages import AccountInfo, ScrapedComment, ScrapedPost
from tasks.scrape.values.fields import Fields
from tasks.scrape.values.text import text_of

LOCATION = "_location.txt"
_MAX_LOCATION_BYTES = 4096
NO_OWNER = "does not name its owner; set `account` of the source to the profile that it was downloaded from"
DAMAGED_OWNER = "has bytes that are not UTF-8 in its owner's name; download it again, or save it as UTF-8"


@dataclass(slots=True)
class FolderReader:
    """Reads files of the folder `root`.

    `account`: only this profile is read, and files without an owner count as its own. `skipped` counts the posts
    of other profiles, by profile.
    """

    root: Path
    account: str | None
    comments: bool
    seen: SeenKeys
    skipped: Counter[str] = field(default_factory=Counter)
    _owners: Owners = field(init=False)

    def __post_init__(self) -> None:
        self._owners = Owners(self.root)

    def read(self, entry: FolderEntry) -> FileItem | None:
        """Read a file; None where it is neither a post nor a profile of the account."""
        where = shown_path(entry.file, self.root)
        try:
            document = self._document(entry)
        except UnreadableFile as error:
            return _skip(entry, f"{where} {error}", datetime.now(UTC))
        node, fields = node_of(document.value), Fields(where)
        if node.type == "other":
            return None
        poster = self._owners.with_name(poster_of(node), entry)
        owner = self._account_of(poster, node, entry)
        if owner is None and self.account is not None:
            return self._skip_other_profile(poster, node, entry, document.modified)
        if owner is None or "\ufffd" in owner:
            return _skip(entry, f"{where} {NO_OWNER if owner is None else DAMAGED_OWNER}", document.modified)
        _report_replaced(document, fields)
        post = self._post(entry, node.value, fields, document.modified) if node.type == "post" else None
        head = head_of(node.value, fields) if node.type == "profile" else None
        contents = post or head
        if contents and (first := self._find_conflict(owner, contents, document.modified, where)):
            why = f"contradicts {first}, which has the same time; set each file's time to when it was written"
            return _skip(entry, f"{where} {why}", document.modified)
        return FileItem(
            cursor=entry.cursor,
            observed_at=document.modified,
            account=owner,
            post=post,
            head=head,
            problems=tuple(fields.problems),
            unparsed=tuple(fields.unparsed),
        )

    def _document(self, entry: FolderEntry) -> JsonFile:
        if entry.problem is not None:
            raise UnreadableFile(entry.problem)
        return read_json_inside(entry.file, self.root)

    def _find_conflict(
        self, owner: str, contents: ScrapedPost | AccountInfo, at: datetime, where: str
    ) -> str | None:
        """The file that has other contents for the same post or profile at the same time."""
        key = ("profile", owner)
        if isinstance(contents, ScrapedPost):
            key = ("post", contents.post_id)
            # Copies may lie in several folders, and their comments in one of them only.
            contents = replace(contents, pictures=(), thread=(), detailed=False)
        return self.seen.find_conflict((*key, at.isoformat()), f"{owner.casefold()} {contents}", where)

    def _account_of(self, poster: Owner, node: Node, entry: FolderEntry) -> str | None:
        """The account of the post. A shared post belongs to the folder's profile, or to the one in `account`."""
        owners, shared = self._owners, [] if node.type == "profile" else coauthors_of(node.value)
        if self.account is None:
            if shared and not owners.is_home_of(poster, entry):
                home = (owners.with_name(one, entry).name for one in shared if owners.is_home_of(one, entry))
                return next((name for name in home if name), poster.name)
            return poster.name
        for one in (poster, *shared):
            if is_same(name := owners.with_name(one, entry).name, self.account):
                return name
        if poster.name is not None:
            return None
        numbers = owners.numbers_of(self.account, entry)
        return self.account if not (numbers and poster.number) or poster.number in numbers else None

    def _skip_other_profile(
        self, poster: Owner, node: Node, entry: FolderEntry, modified: datetime
    ) -> FileItem | None:
        """Count another profile's post; it is a problem where it lies in the account's own folder."""
        if node.type == "profile":
            return None
        self.skipped[str(poster)] += 1
        if not is_same(entry.file.parent.name, self.account):
            return None
        why = (
            f"is a post of {poster} and does not name {self.account} as a coauthor; it was skipped. If the two share"
            " it, download it again with a newer Instaloader, which saves coauthors"
        )
        return FileItem(entry.cursor, modified, problems=(f"{shown_path(entry.file, self.root)} {why}",))

    def _post(
        self, entry: FolderEntry, node: dict[str, Any], fields: Fields, observed_at: datetime
    ) -> ScrapedPost | None:
        shortcode = shortcode_of(node)
        if shortcode is None:
            fields.add("id", "it has no shortcode; the post was skipped")
            return None
        post = post_of(node, shortcode, fields)
        thread = self._thread(entry, fields) if self.comments else None
        return replace(
            post,
            place=post.place or self._location(entry),
            pictures=self._pictures(entry, node, post.kind, fields),
            observed_at=observed_at,
            detailed=thread is not None,
            thread=thread or (),
        )

    def _pictures(
        self, entry: FolderEntry, node: dict[str, Any], kind: str, fields: Fields
    ) -> tuple[str, ...]:
        addresses = []
        pictures = pictures_of(node, kind, SiblingFiles(entry.stem, entry.siblings))
        for number, picture in enumerate(pictures, start=1):
            local = picture.file and local_address(entry.file.parent / picture.file, self.root)
            if address := local or picture.url:
                addresses.append(address)
            else:
                fields.add("pictures", f"picture {number} has no file beside it and no address")
        return tuple(addresses)

    def _thread(self, entry: FolderEntry, fields: Fields) -> tuple[ScrapedComment, ...] | None:
        file = entry.file.with_name(entry.stem + COMMENTS)
        if file.name not in entry.siblings:
            return None
        thread_fields = Fields(shown_path(file, self.root))
        try:
            document = read_json_inside(file, self.root)
            _report_replaced(document, thread_fields)
            return comments_of(document.value, thread_fields)
        except UnreadableFile as error:
            thread_fields.add("thread", str(error))
            return None
        finally:
            fields.problems += thread_fields.problems
            fields.unparsed += thread_fields.unparsed

    def _location(self, entry: FolderEntry) -> str | None:
        """The first line of `STEM_location.txt`; the second is a map's address."""
        file = entry.file.with_name(entry.stem + LOCATION)
        if file.name not in entry.siblings:
            return None
        line = (read_begin(file, self.root, _MAX_LOCATION_BYTES) or b"").partition(b"\n")[0]
        return text_of(line.decode("utf-8", "replace").strip())


def _skip(entry: FolderEntry, problem: str, seen_at: datetime) -> FileItem:
    # The id of its post is not known, so it counts as one without an id.
    return FileItem(entry.cursor, seen_at, problems=(problem,), unparsed=("id",))


def _report_replaced(document: JsonFile, fields: Fields) -> None:
    if document.replaced:
        fields.problems.append(f"{fields.where}: bytes that are not UTF-8 were replaced by U+FFFD")
