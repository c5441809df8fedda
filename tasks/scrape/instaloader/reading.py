"""From one JSON file of the folder, and the files beside it, to what it gives.

A post is known by the shortcode inside its JSON, for file names follow patterns that users change. Its
counts are those of the time when the JSON was written, so reading it again adds nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tasks.scrape.files.documents import Document, Unreadable, open_regular, read_document
from tasks.scrape.files.paging import Found
from tasks.scrape.files.pictures import inside, local_address, shown_path
from tasks.scrape.files.repeats import Repeats
from tasks.scrape.files.values import Fields, text_of
from tasks.scrape.instaloader.comments import comments_of
from tasks.scrape.instaloader.listing import COMMENTS, Listed
from tasks.scrape.instaloader.owners import Owner, Owners, coauthors_of, is_same, poster_of
from tasks.scrape.instaloader.pictures import Beside, pictures_of
from tasks.scrape.instaloader.post import Node, head_of, node_of, post_of, shortcode_of
from tasks.scrape.pages import AccountInfo, ScrapedComment, ScrapedPost

LOCATION = "_location.txt"
_PLACE_BYTES = 4096
NO_OWNER = "does not name its owner; give the source `account`, the profile that it was downloaded from"
DAMAGED_OWNER = "has bytes that are no UTF-8 in its owner's name; download it anew, or save it as UTF-8"


@dataclass(slots=True)
class FolderReader:
    """Reads files of the folder `root`.

    `account`: only this profile; a file whose owner nothing tells is taken for its. `of_others` counts the
    posts that were left out because they are another profile's, by that profile.
    """

    root: Path
    account: str | None
    comments: bool
    met: Repeats
    of_others: Counter[str] = field(default_factory=Counter)
    _owners: Owners = field(init=False)

    def __post_init__(self) -> None:
        self._owners = Owners(self.root, lambda file: self._document(file).value)

    def read(self, listed: Listed) -> Found | None:
        """What a file gives; None where it is neither a post nor a profile of the account."""
        where = shown_path(listed.file, self.root)
        try:
            document = self._document(listed.file, listed.problem)
        except Unreadable as error:
            return _left_out(listed, f"{where} {error}", datetime.now(UTC))
        node, fields = node_of(document.value), Fields(where)
        if node.type == "other":
            return None
        poster = self._owners.named(poster_of(node), listed)
        owner = self._account_of(poster, node, listed)
        if owner is None and self.account is not None:
            return self._of_another(poster, node, listed, document.modified)
        if owner is None or "\ufffd" in owner:
            why = NO_OWNER if owner is None else DAMAGED_OWNER
            return _left_out(listed, f"{where} {why}", document.modified)
        _tell_mended(document, fields)
        post = self._post(listed, node.value, fields, document.modified) if node.type == "post" else None
        head = head_of(node.value, fields) if node.type == "profile" else None
        if first := self._contradicted(owner, post, head, document.modified, where):
            why = f"says something else than {first}, with the same time; set the files' times to when they were written"
            return _left_out(listed, f"{where} {why}", document.modified)
        return Found(
            cursor=listed.cursor,
            observed_at=document.modified,
            account=owner,
            post=post,
            head=head,
            problems=tuple(fields.problems),
            unparsed=tuple(fields.unparsed),
        )

    def _contradicted(
        self, owner: str, post: ScrapedPost | None, head: AccountInfo | None, at: datetime, where: str
    ) -> str | None:
        """The file that says something else of the same post or profile at the same time."""
        if post is None:
            key, said = ("profile", owner), str(head)
        else:
            # Where the files lie is no contradiction, nor that comments were downloaded to one place only.
            key, said = ("post", post.post_id), str(replace(post, pictures=(), thread=(), detailed=False))
        return self.met.contradicted((*key, at.isoformat()), f"{owner.casefold()} {said}", where)

    def _account_of(self, poster: Owner, node: Node, listed: Listed) -> str | None:
        """Whose post it is here: a shared one is the profile's whose folder it is, or which `account` names."""
        owners, shared = self._owners, [] if node.type == "profile" else coauthors_of(node.value)
        if self.account is None:
            if shared and not owners.is_home_of(poster, listed):
                home = (owners.named(one, listed).name for one in shared if owners.is_home_of(one, listed))
                return next((name for name in home if name), poster.name)
            return poster.name
        for one in (poster, *shared):
            if is_same(name := owners.named(one, listed).name, self.account):
                return name
        if poster.name is not None:
            return None
        numbers = owners.numbers_of(self.account, listed)
        return self.account if not (numbers and poster.number) or poster.number in numbers else None

    def _of_another(self, poster: Owner, node: Node, listed: Listed, modified: datetime) -> Found | None:
        """Another profile's post: counted, and a problem where it lies among the account's own."""
        if node.type == "profile":
            return None
        self.of_others[str(poster)] += 1
        if not is_same(listed.file.parent.name, self.account):
            return None
        why = (
            f"is a post of {poster} and does not name {self.account} as a coauthor; it was left out. If the two share"
            " it, download it again with a newer Instaloader, which saves coauthors"
        )
        return Found(listed.cursor, modified, problems=(f"{shown_path(listed.file, self.root)} {why}",))

    def _post(
        self, listed: Listed, node: dict[str, Any], fields: Fields, observed_at: datetime
    ) -> ScrapedPost | None:
        shortcode = shortcode_of(node)
        if shortcode is None:
            fields.lost("id", "it has no shortcode; the post was left out")
            return None
        post = post_of(node, shortcode, fields)
        thread = self._thread(listed, fields) if self.comments else None
        return replace(
            post,
            place=post.place or self._place(listed),
            pictures=self._pictures(listed, node, post.kind, fields),
            observed_at=observed_at,
            detailed=thread is not None,
            thread=thread or (),
        )

    def _pictures(self, listed: Listed, node: dict[str, Any], kind: str, fields: Fields) -> tuple[str, ...]:
        addresses = []
        found = pictures_of(node, kind, Beside(listed.stem, listed.beside))
        for number, picture in enumerate(found, start=1):
            local = picture.file and local_address(listed.file.parent / picture.file, self.root)
            if address := local or picture.url:
                addresses.append(address)
            else:
                fields.lost("pictures", f"picture {number} has no file beside it and no address")
        return tuple(addresses)

    def _thread(self, listed: Listed, fields: Fields) -> tuple[ScrapedComment, ...] | None:
        file = listed.file.with_name(listed.stem + COMMENTS)
        if file.name not in listed.beside:
            return None
        of_thread = Fields(shown_path(file, self.root))
        try:
            document = self._document(file)
            _tell_mended(document, of_thread)
            return comments_of(document.value, of_thread)
        except Unreadable as error:
            of_thread.lost("thread", str(error))
            return None
        finally:
            fields.problems += of_thread.problems
            fields.unparsed += of_thread.unparsed

    def _place(self, listed: Listed) -> str | None:
        """The first line of `STEM_location.txt`; the second is a map's address."""
        file = listed.file.with_name(listed.stem + LOCATION)
        real = inside(file, self.root) if file.name in listed.beside else None
        try:
            if real is None:
                return None
            with open_regular(real) as opened:
                return text_of(
                    opened.read(_PLACE_BYTES).split(b"\n", 1)[0].decode("utf-8", "replace").strip()
                )
        except OSError:
            return None

    def _document(self, file: Path, problem: str | None = None) -> Document:
        if problem is not None:
            raise Unreadable(problem)
        real = inside(file, self.root)
        if real is None:
            raise Unreadable("is a link that leads out of the folder, or nowhere")
        return read_document(real)


def _left_out(listed: Listed, problem: str, seen_at: datetime) -> Found:
    # Which post it held is not known: so it counts as one without an id.
    return Found(listed.cursor, seen_at, problems=(problem,), unparsed=("id",))


def _tell_mended(document: Document, fields: Fields) -> None:
    if document.mended:
        fields.problems.append(f"{fields.where}: bytes that are no UTF-8 were replaced by U+FFFD")
