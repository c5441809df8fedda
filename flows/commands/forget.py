"""`likelens forget`: an account removed from all tables, and its pictures from the disk."""

from __future__ import annotations

from pathlib import Path

import click

from flows.settings import SettingsError, questions, read_settings
from tasks.report.writing import write_report
from warehouse.forgetting import account_posts, forget_account
from warehouse.publish import publish


def forget(config: Path, account: str, source: str | None, yes: bool) -> int:
    """Forget an account, after asking; then publish and draw the report without it."""
    settings = read_settings(config)
    home = settings.home
    home.prepare()
    posts = account_posts(home, account, source)
    if not posts:
        raise SettingsError(
            f"No post of an account {account!r} is stored{f' from {source}' if source else ''}."
        )
    if not yes:
        click.confirm(f"Remove {len(posts):,} posts of {account} and their pictures for good?", abort=True)
    with home.held(0, waiting=lambda: None):
        removed = forget_account(home, account, source)
        publish(home)
        write_report(home, questions(settings), settings.note)
    print(f"Removed {removed.posts:,} posts and {removed.pictures:,} pictures of {account}.")
    return 0
