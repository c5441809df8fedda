"""Reports of some posts, and for sending on: their files, their posts, and what they leave out."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from flows.cli import main
from tasks.errors import CannotPrint
from tasks.report.export import remove_exports
from tasks.report.markdown import as_code, escape
from tasks.report.pdf import print_page
from warehouse.home import Home

SETTINGS = """
home = "{home}"

[[sources]]
name = "s"
kind = "jsonl"
file = "posts.jsonl"

[rank]
min_posts = 5

[[classifiers]]
name = "objects"
kind = "visual"
"""
HOSTILE = (
    "`code` ``two`` | bar",
    "</script><img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) ![picture](http://x.org/p.png)",
    "http://x.org www.x.org <http://x.org> me@x.org",
    "# heading\n- list\n\n    code",
    "&lt;b&gt; \\` \\",
)


@pytest.fixture
def run(hostile_home: Home, tmp_path: Path) -> Callable[..., int]:
    """Run `likelens report` on the home; returns the exit status."""
    settings = tmp_path / "likelens.toml"
    settings.write_text(SETTINGS.format(home=hostile_home.folder))

    def report(*options: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["report", "--config", str(settings), *options])
        assert isinstance(ended.value.code, int)
        return ended.value.code

    return report


@pytest.mark.slow
def test_a_report_of_an_account_and_period_has_a_file_of_its_own(
    run: Callable[..., int], hostile_home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its name, title and numbers are those of account and period; no other file is written; it can be removed alone."""
    before = {path.name for path in hostile_home.report.glob("*.*")}
    assert run("--account", "ann", "--since", "2025-06-01", "--format", "md") == 0
    path = Path(capsys.readouterr().out.strip())
    assert path == hostile_home.report / "report-ann-since-2025-06-01.md"
    assert {path.name for path in hostile_home.report.glob("*.*")} == before | {path.name}
    text = path.read_text("utf-8")
    assert "comments: account ann, since 2025-06-01" in text.splitlines()[0]
    assert "44 posts" in text
    assert re.search(r"\| 1 \| `dog` \| 22 \|", text)
    assert "## Findings" in text
    assert "Posts that show `a dog` get" in text
    # Labels with markup are text in any reader, and a table has the same number of cells in each row.
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert not re.search("<(script|img|a)\\b", html)
    assert "&lt;script&gt;alert(2)" in html
    remove_exports(hostile_home)
    assert {one.name for one in hostile_home.report.glob("*.*")} == before
    rows = [len(re.findall("<t[dh]", row)) for row in re.findall("<tr>.*?</tr>", html, re.DOTALL)]
    assert set(rows) <= {5, 7, 10}


@pytest.mark.slow
def test_a_report_for_sending_on_has_nothing_of_other_people(
    run: Callable[..., int], tmp_path: Path, parse: Callable[[str], object]
) -> None:
    """It has findings, charts, tables and the explorer, and no picture, caption or link to a post."""
    output = tmp_path / "shared.html"
    assert run("--share", "--output", str(output)) == 0
    html = output.read_text("utf-8")
    markup = parse(html)
    sources = [value for _, value in markup.attributes("src")]
    assert sources
    assert all(value.startswith("data:image/svg+xml") for value in sources)
    assert all(value.startswith("#") for _, value in markup.attributes("href"))
    assert "secret caption" not in html
    assert "example.org" not in html
    assert "dog" in markup.text
    assert 'id="explore"' in html
    # A label that looks like a link or a picture is only text.
    assert "[x](http://x.org) data:image/webp;base64,AA" in markup.text


def test_what_can_not_be_reported_is_refused(
    run: Callable[..., int], hostile_home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An unknown account, a period without posts, the nightly page as the file: each message says what to do."""
    page = hostile_home.report / "report.html"
    page.parent.mkdir(exist_ok=True)
    for options, words in (
        (["--account", "anne"], "Did you mean 'ann'?"),
        (["--since", "2031-01-01"], "The stored ones are of 2025-01-01 to 2026-08-14."),
        (["--since", "2025-03-01", "--until", "2025-02-01"], "Swap the two."),
        (["--share", "--output", str(page)], "Use another file name."),
        (["--share", "--output", str(tmp_path / "missing" / "x.html")], "Create it first."),
    ):
        assert run(*options) == 2
        assert words in capsys.readouterr().err


def test_a_pdf_needs_a_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Chromium the message says what to install; with it the file is a PDF."""
    page, output = tmp_path / "a page.html", tmp_path / "page.pdf"
    page.write_text("<!doctype html><title>x</title><p>Text")
    with monkeypatch.context() as patch:
        patch.setenv("PATH", str(tmp_path))
        with pytest.raises(CannotPrint, match=r"Install the package\s+chromium"):
            print_page(page, output)
    if shutil.which("chromium") is None:
        pytest.skip("there is no Chromium on this machine")
    print_page(page, output)
    assert output.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("text", HOSTILE)
def test_external_text_is_only_text_in_markdown(text: str) -> None:
    """A name in a code span and an escaped sentence show all their words, and become no element."""
    for markdown in (f"a {as_code(text)} b", f"| {as_code(text, in_table=True)} |\n|--|", escape(text)):
        html = MarkdownIt("gfm-like", {"linkify": False}).render(markdown)
        assert set(re.findall(r"<(\w+)", html)) <= {"p", "code", "table", "thead", "tr", "th"}
    assert "http://" not in escape(text)
