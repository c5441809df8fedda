"""The kind `instaloader`: a folder that Instaloader has downloaded posts to."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from tasks.errors import BadInput
from tasks.scrape.files.paging import FileItem, group_pages
from tasks.scrape.files.seen_keys import SeenKeys, open_temporary
from tasks.scrape.files.source import FileSource, cursor_of
from tasks.scrape.instaloader.folder_reader import FolderReader
from tasks.scrape.instaloader.listing import is_behind, json_files
from tasks.scrape.model import SourceModel
from tasks.scrape.pages import Page
from tasks.scrape.read_context import ReadContext

logger = logging.getLogger(__name__)

MAX_OTHERS = 5
"""Profiles that a message names."""


class InstaloaderSettings(SourceModel):
    """`[[sources]]` with `kind = "instaloader"`; without `account`, posts of all accounts in the folder."""

    kind: Literal["instaloader"]
    folder: str = Field(min_length=1)
    account: str | None = Field(default=None, min_length=1)

    def open(self, folder: Path) -> InstaloaderFolder:
        """Create the source; the folder need not exist yet."""
        path = folder / Path(self.folder).expanduser()
        return InstaloaderFolder(name=self.name, path=path, may_lack=self.may_lack, account=self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstaloaderFolder(FileSource):
    """The folder as a source. Each run reads all of it, which costs no host anything."""

    account: str | None = None

    def pages(self, context: ReadContext) -> Iterator[Page]:
        """Read the folder's posts. Raises `BadInput` when it is not a folder, or has no post."""
        after, ended = cursor_of(context)
        if ended:
            return iter(())
        return group_pages(self._items(context.comments, after), self.address)

    def _items(self, comments: bool, after: str | None) -> Iterator[FileItem]:
        with open_temporary(SeenKeys) as seen:
            yield from self._read(FolderReader(self.path, self.account, comments, seen), after)

    def _read(self, reader: FolderReader, after: str | None) -> Iterator[FileItem]:
        posts = others = 0
        first_problem = ""
        try:
            for entry in json_files(self.path):
                # Files before the cursor are read too: their posts may repeat.
                item = reader.read(entry)
                if not is_behind(entry, after):
                    continue
                if item is None:
                    others += 1
                    continue
                posts += item.post is not None
                first_problem = first_problem or next(iter(item.problems), "")
                yield item
        except OSError as error:
            raise BadInput(
                f"The folder {self.path} can't be read ({error.strerror or error}). Fix `folder` of the source"
                f" {self.name}, or download to it first."
            ) from None
        logger.info("%s: %d posts, %d other JSON files", self.name, posts, others)
        if reader.skipped:
            logger.info(
                "%s: %d posts of other profiles than %s were skipped: %s",
                self.name,
                reader.skipped.total(),
                self.account,
                _describe_others(reader.skipped),
            )
        if not posts and after is None:
            raise BadInput(self._describe_empty(others, first_problem, reader.skipped))

    def _describe_empty(self, others: int, first_problem: str, skipped: Counter[str]) -> str:
        of_whom = f" of the account {self.account}" if self.account else ""
        also = f" It has {others:,} other JSON files." if others else ""
        also += f" Its posts are of {_describe_others(skipped)}." if skipped else ""
        broken = f" The first that could not be read: {first_problem}." if first_problem else ""
        return (
            f"The folder {self.path} has no post{of_whom} with Instaloader's JSON.{also}{broken} Fix `folder`"
            f"{' or `account`' if self.account else ''} of the source {self.name}, or download without --no-metadata-json."
        )


def _describe_others(posts: Counter[str]) -> str:
    """The profiles with their numbers of posts, largest first."""
    named = [f"{owner} ({number:,})" for owner, number in posts.most_common(MAX_OTHERS)]
    more = len(posts) - len(named)
    return ", ".join(named) + (f" and {more:,} more profiles" if more else "")
