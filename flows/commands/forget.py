"""`likelens forget`: an account removed from all tables and the disk, or the author of comments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from flows.settings import Settings, SettingsError, questions, read_settings
from tasks.report.stage import write_report
from tasks.scrape.pages import Page
from tasks.scrape.spool import Spool
from tasks.tag.response_store import store_kept
from warehouse import forgetting
from warehouse.authors import same_author
from warehouse.home import Home
from warehouse.publish import publish
from warehouse.tables import TABLES


def forget_account(config: Path, account: str, source: str | None, yes: bool) -> int:
    """Forget an account, after asking; then publish and draw the report without it."""
    settings = _ready(config)
    home = settings.home
    posts = forgetting.account_posts(home, account, source)
    spools = [
        spool for spool in _spools(home, source) if any(page.account == account for page in spool.pages())
    ]
    if not (posts or spools or forgetting.is_observed(home, account, source)):
        with home.held(0, waiting=lambda: None):
            home.lake.purge(list(TABLES))  # what a forgetting that was cut off may have left in old files
        raise SettingsError(
            f"Nothing of an account {account!r} is stored{f' from {source}' if source else ''}."
        )
    if not yes:
        click.confirm(f"Remove {len(posts):,} posts of {account} and their pictures for good?", abort=True)
    with home.held(0, waiting=lambda: None):
        for spool in spools:
            spool.remove()
        store_kept(home)  # answers on disk name pictures too; in the tables they are found and removed
        removed = forgetting.forget_account(home, account, source)
        _publish(settings)
    print(f"Removed {removed.posts:,} posts and {removed.pictures:,} pictures of {account}.")
    for one in settings.sources:
        if getattr(one, "account", None) == account and source in (None, one.name):
            print(
                f"The source {one.name} in {config} still reads this account: remove it, or the next run will."
            )
    return 0


def forget_author(config: Path, author: str, yes: bool) -> int:
    """Forget who wrote comments, after asking: theirs are removed, and never stored again."""
    settings = _ready(config)
    home = settings.home
    if not yes:
        click.confirm(f"Remove all comments by {author}, and store none of theirs again?", abort=True)
    with home.held(0, waiting=lambda: None):
        removed = forgetting.forget_author(home, author)
        gone = {home.authors().keyed(same_author(author))}
        for spool in _spools(home, None):
            spool.rewrite(lambda page: _without(page, author, gone))
        _publish(settings)
    print(f"Removed {removed:,} comments by {author}. What others wrote about them stays.")
    return 0


def _without(page: Page, author: str, keys: set[str]) -> Page:
    def is_theirs(name: str | None) -> bool:
        return name is not None and (name in keys or same_author(name) == same_author(author))

    posts = (
        replace(post, thread=tuple(one for one in post.thread if not is_theirs(one.author)))
        for post in page.posts
    )
    return replace(page, posts=tuple(posts))


def _ready(config: Path) -> Settings:
    settings = read_settings(config)
    settings.home.prepare()
    return settings


def _publish(settings: Settings) -> None:
    publish(settings.home)
    write_report(settings.home, questions(settings), settings.note)


def _spools(home: Home, source: str | None) -> list[Spool]:
    """What runs that were cut off have read and not stored yet."""
    files = (home.folder / "spool").glob("*/*.jsonl")
    return [Spool(file) for file in files if source in (None, file.stem)]
