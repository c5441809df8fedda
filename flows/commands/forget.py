"""Remove an account, or the author of comments, from all tables and the disk."""

from __future__ import annotations

from pathlib import Path

import click

from flows.completion import complete
from flows.environment import running_server
from flows.errors import SettingsError
from flows.forecasting.report import report_forecasts
from flows.options import with_config
from flows.settings import Settings, questions, read_settings
from tasks import forget as forgetting
from tasks.report.export import remove_exports
from tasks.report.stage import write_report
from warehouse.database.publish import publish


@click.command(help=__doc__)
@with_config
@click.option(
    "--account", shell_complete=complete("account"), help="Account whose posts and pictures are removed."
)
@click.option("--author", help="Author whose comments are removed, and not stored again.")
@click.option("--source", shell_complete=complete("source"), help="Remove the account from this source only.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
def forget(config: Path, account: str | None, author: str | None, source: str | None, yes: bool) -> int:
    if (account is None) == (author is None) or (author is not None and source is not None):
        raise click.UsageError("Give either --account, with or without --source, or --author.")
    settings = read_settings(config)
    settings.home.prepare()
    if address := running_server(settings.home.folder):
        raise SettingsError(
            f"likelens serve runs for {settings.home.folder} ({address.removesuffix('/api')}), and its database has logs"
            " that name accounts. Stop it first; forget removes that database."
        )
    if account is not None:
        _forget_account(settings, account, source, yes)
    else:
        _forget_author(settings, str(author), yes)
    return 0


def _forget_account(settings: Settings, account: str, source: str | None, yes: bool) -> None:
    home = settings.home
    posts = forgetting.count_posts(home, account, source)
    if posts is None:
        with home.held(0, waiting=lambda: None):
            forgetting.purge_old_files(home)
        raise SettingsError(
            f"Nothing of an account {account!r} is stored{f' from {source}' if source else ''}."
        )
    if not yes:
        click.confirm(f"Remove {posts:,} posts of {account} and their pictures for good?", abort=True)
    with home.held(0, waiting=lambda: None):
        removed = forgetting.forget_account(home, account, source)
        _publish(settings)
    print(f"Removed {removed.posts:,} posts and {removed.pictures:,} pictures of {account}.")
    for one in settings.sources:
        if getattr(one, "account", None) == account and source in (None, one.name):
            print(
                f"The source {one.name} in {settings.file} still reads this account."
                " Remove the source, or the next run stores the account again."
            )


def _forget_author(settings: Settings, author: str, yes: bool) -> None:
    if not yes:
        click.confirm(f"Remove all comments by {author}, and store none of theirs again?", abort=True)
    with settings.home.held(0, waiting=lambda: None):
        removed = forgetting.forget_author(settings.home, author)
        _publish(settings)
    print(f"Removed {removed:,} comments by {author}. What others wrote about them stays.")


def _publish(settings: Settings) -> None:
    publish(settings.home)
    remove_exports(settings.home)
    write_report(
        settings.home,
        questions(settings),
        settings.note,
        quote=settings.comments.quote,
        forecasts=report_forecasts(settings),
    )
