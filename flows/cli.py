"""The command line: a thin door to the flows. The work of each command is in `flows.commands`.

Exit status: 0 all done, 1 failed, 2 wrong settings or usage, 3 published but a source or lane is incomplete.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

import click

from flows.commands.compare import PARTS, Part
from flows.commands.output import CHECK_FORMATS, FORMATS, CheckFormat, Format
from flows.settings import DEFAULT_FILE, SettingsError
from tasks.errors import EXPECTED
from warehouse.rankings import MEASURES, STATISTICS, By, Statistic

Command = TypeVar("Command", bound=Callable[..., Any])


def with_config(command: Command) -> Command:
    """Give a command the option --config."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=DEFAULT_FILE,
        show_default=True,
        help="Settings file.",
    )(command)


def with_format(command: Command) -> Command:
    """Give a command the option --format."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(FORMATS),
        default="table",
        show_default=True,
        help="How to print.",
    )(command)


def with_dry_run(command: Command) -> Command:
    """Give a command the option --dry-run."""
    return click.option(
        "--dry-run", "dry", is_flag=True, help="Only tell how many pictures would be sent, and for how much."
    )(command)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version("likelens"), prog_name="likelens")
def cli() -> None:
    """Say what the pictures of an account show that earns likes and comments.

    Exit status: 0 all done, 1 failed, 2 wrong settings or usage, 3 published but a source or a lane is
    incomplete.
    """


@cli.command()
@click.option("--config", hidden=True, help="The demo writes its own settings; this is ignored.")
def demo(config: str | None) -> int:
    """The whole run against a gallery that it serves itself, offline."""
    from flows.demo.running import demo as work

    return work()


@cli.command()
@with_config
@click.option("--full", is_flag=True, help="Read every source to its end, as is done once a week anyway.")
@with_dry_run
def run(config: Path, full: bool, dry: bool) -> int:
    """The nightly run now, without a server."""
    if dry:
        from flows.commands.dry_run import dry_run

        return dry_run(config, None)
    from flows.commands.run import run as work

    return work(config, full=full)


@cli.command()
@with_config
@click.option("--classifier", required=True, help="Name of the classifier in the settings.")
@click.option("--by", type=click.Choice(MEASURES), required=True, help="What to rank by.")
@click.option(
    "--statistic", type=click.Choice(STATISTICS), help="What of it.  [default: as in the settings, or mean]"
)
@click.option(
    "--top", type=click.IntRange(min=1), help="How many labels.  [default: as in the settings, or 10]"
)
@click.option("--account", help="Count the posts of this account only.")
@click.option("--min-posts", type=click.IntRange(min=1), help="Leave out labels that fewer posts have.")
@click.option(
    "--group/--no-group",
    default=None,
    help="Count labels of one group as one: tabby and tiger cat as cat.  [default: as in the settings, or not]",
)
@with_format
def rank(
    config: Path,
    classifier: str,
    by: By,
    statistic: Statistic | None,
    top: int | None,
    account: str | None,
    min_posts: int | None,
    group: bool | None,
    form: Format,
) -> int:
    """Labels ordered by likes, comments or count."""
    from flows.commands.rank import Asked
    from flows.commands.rank import rank as work

    return work(config, Asked(classifier, by, account, statistic, top, min_posts, group), form)


@cli.command()
@with_config
@click.option("--open", "open_it", is_flag=True, help="Open the page in a browser.")
def report(config: Path, open_it: bool) -> int:
    """The HTML page with charts and pictures."""
    from flows.commands.report import report as work

    return work(config, open_it)


@cli.command()
@with_config
@with_format
@click.argument("query")
def sql(config: Path, form: Format, query: str) -> int:
    """One query on the published database, which it can't change."""
    from flows.commands.sql import sql as work

    return work(config, query, form)


@cli.command()
@with_config
def status(config: Path) -> int:
    """What ran, what is fresh, what waits, what failed and why."""
    from flows.commands.status import status as work

    return work(config)


@cli.command()
@with_config
@click.option("--classifier", required=True, help="Name of the classifier in the settings.")
@with_dry_run
def relabel(config: Path, classifier: str, dry: bool) -> int:
    """Run a new or changed classifier over the stored pictures."""
    if dry:
        from flows.commands.dry_run import dry_run

        return dry_run(config, classifier)
    from flows.commands.run import relabel as work

    return work(config, classifier)


@cli.command()
@with_config
def doctor(config: Path) -> int:
    """Settings, weights, keys, GPU, servers: what is missing, and what to do."""
    from flows.commands.doctor import doctor as work

    return work(config)


@cli.command()
@with_config
@click.option("--account", help="Account whose posts and pictures are removed.")
@click.option("--author", help="Author whose comments are removed, and not stored again.")
@click.option("--source", help="The account only in this source.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(config: Path, account: str | None, author: str | None, source: str | None, yes: bool) -> int:
    """Remove an account, or the author of comments, from all tables and the disk."""
    from flows.commands.forget import forget_account, forget_author

    if (account is None) == (author is None) or (author is not None and source is not None):
        raise click.UsageError("Give either --account, with or without --source, or --author.")
    if account is not None:
        return forget_account(config, account, source, yes)
    return forget_author(config, str(author), yes)


@cli.group()
def profile() -> None:
    """Gallery profiles: what a site's pages look like, as data."""


@profile.command()
@with_config
@click.argument("profile")
@click.argument("page", metavar="URL-OR-FILE")
@click.option("--url", help="Address that a saved page came from.  [default: as the page says]")
@click.option("--post/--list", "is_post", default=None, help="What the page is.  [default: see]")
@click.option(
    "--format",
    "form",
    type=click.Choice(CHECK_FORMATS),
    default="table",
    show_default=True,
    help="How to print.",
)
def check(
    config: Path, profile: str, page: str, url: str | None, is_post: bool | None, form: CheckFormat
) -> int:
    """What a profile finds on a page, field by field, and what is missing.

    PROFILE is a built-in profile or a file; the page is an address, or a file that you saved.
    """
    from flows.commands.profile import check as work

    return work(config, profile, page, url, is_post, form)


@cli.command()
@with_config
@click.option(
    "--classifier", "classifiers", multiple=True, required=True, help="One of the two; write it twice."
)
@click.option(
    "--by", type=click.Choice(MEASURES), default="likes", show_default=True, help="What to rank by."
)
@click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, help="How many names and pictures."
)
@click.option(
    "--part", type=click.Choice(PARTS), help="One table only.  [default: all; as CSV or JSON, labels]"
)
@with_format
def compare(
    config: Path, classifiers: tuple[str, ...], by: By, top: int, part: Part | None, form: Format
) -> int:
    """How two classifiers agree, and what each costs."""
    from flows.commands.compare import compare as work

    return work(config, classifiers, by, top, part, form)


def main() -> None:
    """The entry point `likelens`: errors that a person can mend are a few lines on standard error."""
    try:
        status = cli(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except click.Abort:
        print("Stopped.", file=sys.stderr)
        status = 130
    except SettingsError as error:
        print(f"likelens: {error}", file=sys.stderr)
        status = 2
    except EXPECTED as error:
        print(f"likelens: {error}", file=sys.stderr)
        status = 1
    sys.exit(status)
