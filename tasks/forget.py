"""Remove an account or an author from everything stored: spools and unstored responses first, then the tables.

The caller holds the home folder, and publishes afterwards.
"""

from __future__ import annotations

import shutil
from dataclasses import replace

from tasks.scrape.pages import Page
from tasks.scrape.spool import Spool
from tasks.tag.response_store import store_saved_responses
from tasks.train.removal import remove_deleted_pictures
from warehouse.authors import normalise_author
from warehouse.home import Home
from warehouse.schema.tables import TABLES
from warehouse.upkeep import forgetting
from warehouse.upkeep.forgetting import Removal


def count_posts(home: Home, account: str, source: str | None) -> int | None:
    """Count an account's stored posts; None where nothing of it is stored. Needs no hold of the home folder."""
    posts = len(forgetting.account_posts(home, account, source))
    if posts or _account_spools(home, account, source) or forgetting.is_observed(home, account, source):
        return posts
    return None


def purge_old_files(home: Home) -> None:
    """Delete what an interrupted removal may have left: files of old table versions, and pictures in trained models."""
    home.lake.purge(list(TABLES))
    remove_deleted_pictures(home)


def forget_account(home: Home, account: str, source: str | None) -> Removal:
    """Remove an account's posts, pictures and spools, and its pictures from what was trained on them."""
    _remove_logs(home)
    for spool in _account_spools(home, account, source):
        spool.remove()
    store_saved_responses(home)  # responses on disk name pictures too; the tables are searched next
    removed = forgetting.forget_account(home, account, source)
    remove_deleted_pictures(home)
    return removed


def forget_author(home: Home, author: str) -> int:
    """Remove an author's comments for good; return how many were stored."""
    _remove_logs(home)
    removed = forgetting.forget_author(home, author)
    keys = {home.authors().keyed(normalise_author(author))}
    for spool in _spools(home, None):
        spool.rewrite(lambda page: _without_author(page, author, keys))
    return removed


def _remove_logs(home: Home) -> None:
    """Remove the logs, which name accounts: the files, and the database of Prefect's temporary server.

    The next run creates both again.
    """
    shutil.rmtree(home.folder / "prefect", ignore_errors=True)
    shutil.rmtree(home.logs, ignore_errors=True)


def _without_author(page: Page, author: str, keys: set[str]) -> Page:
    def is_author(name: str | None) -> bool:
        return name is not None and (name in keys or normalise_author(name) == normalise_author(author))

    posts = (
        replace(post, thread=tuple(one for one in post.thread if not is_author(one.author)))
        for post in page.posts
    )
    return replace(page, posts=tuple(posts))


def _account_spools(home: Home, account: str, source: str | None) -> list[Spool]:
    return [
        spool for spool in _spools(home, source) if any(page.account == account for page in spool.pages())
    ]


def _spools(home: Home, source: str | None) -> list[Spool]:
    """Find the pages that interrupted runs have read and not stored."""
    files = (home.folder / "spool").glob("*/*.jsonl")
    return [Spool(file) for file in files if source in (None, file.stem)]
