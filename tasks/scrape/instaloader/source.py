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
from tasks.scrape.files.paging import Found, as_pages
from tasks.scrape.files.repeats import repeats
from tasks.scrape.files.source import FileSource, cursor_of
from tasks.scrape.instaloader.listing import is_behind, json_files
from tasks.scrape.instaloader.reading import FolderReader
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
        """Make the source; the folder need not be there yet."""
        path = folder / Path(self.folder).expanduser()
        return InstaloaderFolder(name=self.name, path=path, may_lack=self.may_lack, account=self.account)


@dataclass(frozen=True, slots=True, kw_only=True)
class InstaloaderFolder(FileSource):
    """The folder as a source. All of it is read each time: to look costs no host anything."""

    account: str | None = None

    def pages(self, context: ReadContext) -> Iterator[Page]:
        """The folder's posts; raises `BadInput` when it is no folder, or has no post."""
        after, ended = cursor_of(context)
        if ended:
            return iter(())
        return as_pages(self._found(context.comments, after), self.address)

    def _found(self, comments: bool, after: str | None) -> Iterator[Found]:
        with repeats() as met:
            yield from self._read(FolderReader(self.path, self.account, comments, met), after)

    def _read(self, reader: FolderReader, after: str | None) -> Iterator[Found]:
        posts = others = 0
        first_problem = ""
        try:
            for listed in json_files(self.path):
                # Those that were given before are read too: their posts may come again.
                found = reader.read(listed)
                if not is_behind(listed, after):
                    continue
                if found is None:
                    others += 1
                    continue
                posts += found.post is not None
                first_problem = first_problem or next(iter(found.problems), "")
                yield found
        except OSError as error:
            raise BadInput(
                f"The folder {self.path} can't be read ({error.strerror or error}). Mend `folder` of the source"
                f" {self.name}, or download to it first."
            ) from None
        logger.info("%s: %d posts, %d other JSON files", self.name, posts, others)
        if reader.of_others:
            logger.info(
                "%s: %d posts of other profiles than %s were left out: %s",
                self.name,
                reader.of_others.total(),
                self.account,
                _told_others(reader.of_others),
            )
        if not posts and after is None:
            raise BadInput(self._told_empty(others, first_problem, reader.of_others))

    def _told_empty(self, others: int, first_problem: str, of_others: Counter[str]) -> str:
        of_whom = f" of the account {self.account}" if self.account else ""
        also = f" It has {others:,} other JSON files." if others else ""
        also += f" Its posts are of {_told_others(of_others)}." if of_others else ""
        broken = f" The first that could not be read: {first_problem}." if first_problem else ""
        return (
            f"The folder {self.path} has no post{of_whom} with Instaloader's JSON.{also}{broken} Mend `folder`"
            f"{' or `account`' if self.account else ''} of the source {self.name}, or download without --no-metadata-json."
        )


def _told_others(posts: Counter[str]) -> str:
    """Whose posts they are, and how many of each; those with the most first."""
    named = [f"{owner} ({number:,})" for owner, number in posts.most_common(MAX_OTHERS)]
    more = len(posts) - len(named)
    return ", ".join(named) + (f" and {more:,} more profiles" if more else "")
