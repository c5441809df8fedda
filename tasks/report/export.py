"""A report of some posts, or for sending on, in a file of its own: HTML, PDF or Markdown."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, get_args

from tasks.report.markdown import render_markdown
from tasks.report.page import render_page
from tasks.report.pdf import find_browser, print_page
from tasks.report.scope import ReportScope
from tasks.report.stage import PAGE, collect_report
from tasks.thumbnails import PREFIX
from warehouse.disk_space import detect_full_disk, require_free_space
from warehouse.home import Home
from warehouse.overview.summary import totals
from warehouse.published import published
from warehouse.ranking.empty_rankings import describe_unknown_account
from warehouse.ranking.ranking_query import RankingQuery

ReportFormat = Literal["html", "pdf", "md"]
REPORT_FORMATS: tuple[ReportFormat, ...] = get_args(ReportFormat)


def find_scope_problem(home: Home, scope: ReportScope) -> str | None:
    """Why there is nothing to report, as a sentence; None where the scope has posts. Raises `NotPublished`."""
    if scope.since and scope.until and scope.until < scope.since:
        return f"--until {scope.until} is before --since {scope.since}. Swap the two."
    if scope.has_all_posts:
        return None
    with published(home) as database:
        if totals(database, scope.chosen)[0]:
            return None
        posts, _, since, until = totals(database, ReportScope(scope.account).chosen)
        if scope.account is not None and not posts:
            return describe_unknown_account(database, scope.account)
    known = f" The stored ones are of {since:%Y-%m-%d} to {until:%Y-%m-%d}." if since and until else ""
    return f"No post is stored in the chosen part ({scope.describe()}).{known} Use other values of --since and --until."


def export_report(
    home: Home,
    questions: Sequence[RankingQuery],
    note: str | None,
    scope: ReportScope,
    form: ReportFormat = "html",
    output: Path | None = None,
) -> Path:
    """Write a report of the scope's posts to `output`, or to a file in the report's folder; returns its path.

    Raises `NotPublished`, `DiskFull`, `CannotPrint` (a PDF without a browser), and `OSError` where the file can't be
    written.
    """
    if form == "pdf":
        find_browser()
    output = home.report / f"{scope.stem}.{form}" if output is None else output
    with (
        published(home) as database,
        detect_full_disk(home.folder),
        tempfile.TemporaryDirectory(prefix="likelens-") as folder,
    ):
        require_free_space(home.folder)
        home.report.mkdir(parents=True, exist_ok=True)
        # The charts are part of the report. Files of their own are those of the nightly report.
        report = collect_report(home, database, questions, note, Path(folder), scope)
        text = render_markdown(report) if form == "md" else render_page(report)
        if scope.share and form != "md":
            _require_shareable(text)
        temporary = output.with_name(f".{output.name}.{uuid.uuid4().hex}")
        try:
            if form == "pdf":
                page = Path(folder) / "report.html"
                page.write_text(text, "utf-8")
                print_page(page, temporary)
            else:
                temporary.write_text(text, "utf-8")
            os.replace(temporary, output)
        finally:
            temporary.unlink(missing_ok=True)
    return output


def remove_exports(home: Home) -> None:
    """Remove the reports that `export_report` wrote to the report's folder: they are not made again with each run."""
    for form in REPORT_FORMATS:
        for path in (*home.report.glob(f"report-*.{form}"), home.report / f"report.{form}"):
            if path.name != PAGE:
                path.unlink(missing_ok=True)


def _require_shareable(page: str) -> None:
    """Check that no part of the page brought a picture or a link to a post.

    A label may contain the same words, but never with a quote before them, which a page escapes.
    """
    for private in (f'src="{PREFIX}', 'href="http'):
        assert private not in page, f"a report for sending on has {private!r}"
