"""`likelens report`: the charts and the page, drawn again from the published database."""

from __future__ import annotations

import webbrowser
from pathlib import Path

from flows.settings import questions, read_settings
from tasks.report.stage import write_report


def report(config: Path, open_it: bool) -> int:
    """Write the report and say where it is; open it in a browser when asked to."""
    settings = read_settings(config)
    page = write_report(settings.home, questions(settings), settings.note)
    print(page)
    if open_it:
        webbrowser.open(page.as_uri())
    return 0
