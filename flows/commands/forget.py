"""`likelens forget`: an account removed from all tables, and its pictures from the disk."""

from __future__ import annotations

from pathlib import Path

import click

from flows.settings import SettingsError, questions, read_settings
from tasks.report.writing import write_report
from tasks.scrape.spool import Spool
from tasks.tag.arrivals import store_kept
from warehouse.forgetting import account_posts, forget_account, is_observed
from warehouse.home import Home
from warehouse.publish import publish
from warehouse.tables import TABLES


def forget(config: Path, account: str, source: str | None, yes: bool) -> int:
    """Forget an account, after asking; then publish and draw the report without it."""
    settings = read_settings(config)
    home = settings.home
    home.prepare()
    posts = account_posts(home, account, source)
    spools = _spools(home, account, source)
    if not (posts or spools or is_observed(home, account, source)):
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
        removed = forget_account(home, account, source)
        publish(home)
        write_report(home, questions(settings), settings.note)
    print(f"Removed {removed.posts:,} posts and {removed.pictures:,} pictures of {account}.")
    for one in settings.sources:
        if getattr(one, "account", None) == account and source in (None, one.name):
            print(
                f"The source {one.name} in {config} still reads this account: remove it, or the next run will."
            )
    return 0


def _spools(home: Home, account: str, source: str | None) -> list[Spool]:
    """What runs that were cut off have read of the account and not stored yet."""
    files = [file for file in (home.folder / "spool").glob("*/*.jsonl") if source in (None, file.stem)]
    return [spool for spool in map(Spool, files) if any(page.account == account for page in spool.pages())]
