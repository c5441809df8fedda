"""Draw the charts and the HTML page again from the published database."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from flows.options import with_config
from flows.settings import questions, read_settings
from tasks.report.stage import write_report


@click.command(help=__doc__)
@with_config
@click.option("--open", "open_page", is_flag=True, help="Open the page in a browser.")
def report(config: Path, open_page: bool) -> int:
    settings = read_settings(config)
    page = write_report(settings.home, questions(settings), settings.note, time_zone=settings.rank.time_zone)
    print(page)
    if open_page:
        webbrowser.open(page.as_uri())
    return 0
