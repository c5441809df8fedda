"""Draw the charts and the HTML page again from the published database, or write a report of some posts to a file of its own."""

from __future__ import annotations

import webbrowser
from datetime import datetime
from pathlib import Path

import click

from flows.errors import SettingsError
from flows.forecasting.report import report_forecasts
from flows.options import with_config
from flows.printable import printable
from flows.settings import Settings, questions, read_settings
from tasks.report.export import REPORT_FORMATS, ReportFormat, export_report, find_scope_problem
from tasks.report.scope import ReportScope
from tasks.report.stage import PAGE, write_report

DAY = click.DateTime(["%Y-%m-%d"])


@click.command(help=__doc__)
@with_config
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
@click.option("--account", help="Report the posts of this account only.")
@click.option("--since", type=DAY, help="Report posts from this day on (UTC).")
@click.option("--until", type=DAY, help="Report posts up to this day (UTC), which is included.")
@click.option(
    "--format",
    "form",
    type=click.Choice(REPORT_FORMATS),
    default="html",
    show_default=True,
    help="Output format.",
)
@click.option(
    "--share",
    is_flag=True,
    help="For sending on: without pictures, texts of posts and comments, links to posts, and names of commenters.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write.  [default: a name in the folder report that has account and period]",
)
def report(
    config: Path,
    open_page: bool,
    account: str | None,
    since: datetime | None,
    until: datetime | None,
    form: ReportFormat,
    share: bool,
    output: Path | None,
) -> int:
    settings = read_settings(config)
    quote, forecasts = settings.comments.quote, report_forecasts(settings)
    scope = ReportScope(
        account, since.date() if since else None, until.date() if until else None, share, quote, forecasts
    )
    if scope.has_all_posts and not share and form == "html" and output is None:
        page = write_report(
            settings.home, questions(settings), settings.note, quote=quote, forecasts=forecasts
        )
    else:
        _check(settings, scope, output)
        page = export_report(settings.home, questions(settings), settings.note, scope, form, output)
    print(page)
    if open_page:
        webbrowser.open(page.absolute().as_uri())
    return 0


def _check(settings: Settings, scope: ReportScope, output: Path | None) -> None:
    """Raise `SettingsError` if there is nothing to report, or no place to write it."""
    if problem := find_scope_problem(settings.home, scope):
        raise SettingsError(printable(problem))
    if output is None:
        return
    if not output.absolute().parent.is_dir():
        raise SettingsError(f"There is no folder {output.absolute().parent} for --output. Create it first.")
    if output.absolute().resolve() == (settings.home.report / PAGE).resolve():
        raise SettingsError(f"--output {output} is the page of the nightly run. Use another file name.")
