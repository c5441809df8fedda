"""The first posts of a source that reads files: how many, of which accounts, and what is wrong with them."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from flows.docs_pages import SOURCE_PAGES
from flows.errors import SettingsError
from tasks.errors import BadInput, BadSource
from tasks.scrape.model import Source
from tasks.scrape.read_context import ReadContext
from tasks.scrape.sources import settings_model
from tasks.scrape.spool import Spool
from tasks.validation import describe_error

MAX_POSTS = 2_000
"""Posts that are read, so that a large folder takes seconds."""
SHOWN_ACCOUNTS = 5


@dataclass(frozen=True, slots=True)
class Preview:
    """What the first posts are. `is_complete`: there are no others."""

    accounts: Counter[str]
    problems: tuple[str, ...]
    is_complete: bool

    @property
    def posts(self) -> int:
        """Their number."""
        return self.accounts.total()

    def describe(self) -> str:
        """For example '120 posts of ann (90), bob (30)'."""
        least = "" if self.is_complete else "more than "
        named = [f"{name} ({count:,})" for name, count in self.accounts.most_common(SHOWN_ACCOUNTS)]
        if len(self.accounts) == 1:
            named = list(self.accounts)
        others = len(self.accounts) - len(named)
        also = f" and {others:,} more" if others else ""
        return f"{least}{self.posts:,} {'post' if self.posts == 1 else 'posts'} of {', '.join(named)}{also}"


def preview_files(table: Mapping[str, Any], folder: Path) -> Preview:
    """Read the first posts of a source of files, with the code of a run; paths are relative to `folder`.

    Raises `SettingsError` where a run would fail.
    """
    source = open_source(table, folder)
    accounts: Counter[str] = Counter()
    problems: list[str] = []
    is_complete = True
    try:
        with tempfile.TemporaryDirectory() as temporary:
            for page in source.pages(ReadContext(Spool(Path(temporary) / "preview.jsonl"), comments=False)):
                accounts[page.account] += len(page.posts)
                problems += page.problems
                if accounts.total() >= MAX_POSTS:
                    is_complete = page.next_url is None
                    break
    except BadInput as error:
        raise SettingsError(f"{error} See {SOURCE_PAGES[table['kind']]}.") from error
    return Preview(accounts, tuple(problems), is_complete)


def open_source(table: Mapping[str, Any], folder: Path) -> Source:
    """Make a source of its table. Raises `SettingsError` for a value that can't be used."""
    kind = table["kind"]
    try:
        return settings_model(kind).model_validate(table).open(folder)
    except ValidationError as error:
        why = "; ".join(describe_error(one, ".".join(map(str, one["loc"])), ()) for one in error.errors())
        raise SettingsError(f"{why}. See {SOURCE_PAGES[kind].partition('#')[0]}#settings.") from error
    except BadSource as error:
        raise SettingsError(f"{error}. See {SOURCE_PAGES[kind]}.") from error
