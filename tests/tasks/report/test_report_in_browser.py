"""The page in Chromium: its explorer, its parts without scripts, hostile names, accessibility, keyboard and print."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tasks.report.stage import write_report
from warehouse.home import Home
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine"),
]

START = datetime(2025, 1, 1, 8, tzinfo=UTC)
HOSTILE = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script><!--"
LABELS = 4
QUESTIONS = [
    RankingQuery(classifier, by, "lift", min_posts=5)
    for classifier in ("objects", "colours")
    for by in ("likes", "comments", "count")
]


@pytest.fixture(scope="module")
def report(hostile_home: Home) -> str:
    """The address of the page."""
    return write_report(hostile_home, QUESTIONS, None).as_uri()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of the file."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=600_000)
        yield browser
        browser.close()


@pytest.fixture
def show(chromium: Browser, report: str) -> Callable[..., Any]:
    """Open the page in a context of its own; afterwards no script has failed, and nothing was requested but the file."""

    @contextmanager
    def open_page(fragment: str = "", width: int = 1400, **options: Any) -> Iterator[Page]:
        context = chromium.new_context(viewport={"width": width, "height": 1000}, **options)
        context.set_default_timeout(600_000)
        page = context.new_page()
        requested: list[str] = []
        troubles: list[str] = []
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: (troubles.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
        context.route("**/*", lambda route: (requested.append(route.request.url), route.continue_()))
        page.goto(f"{report}{fragment}")
        yield page
        external = [
            url for url in requested if not url.startswith("data:") and url.partition("#")[0] != report
        ]
        context.close()
        assert (external, troubles) == ([], [])

    return open_page


def column(page: Page, title: str) -> list[str]:
    """The texts of a column of the explorer's table."""
    table = page.locator("#explorer-table")
    titles = table.locator("thead th").all_inner_texts()
    place = [text.strip(" ▲▼") for text in titles].index(title)
    return table.locator(f"tbody tr > :nth-child({place + 1})").all_inner_texts()


def choose(page: Page, control: str, option: str) -> None:
    """Choose the option whose text begins so."""
    select = page.get_by_role("combobox", name=control, exact=True)
    (text,) = [text for text in select.locator("option").all_inner_texts() if text.startswith(option)]
    select.select_option(label=text)


def test_the_explorer_shows_the_chosen_ranking(hostile_home: Home, show: Callable[..., Any]) -> None:
    """The table has labels and numbers of the warehouse's ranking, for account, period, measure and groups."""
    with show() as page:
        choose(page, "Account", "ann")
        first = START.date() + timedelta(days=590 - 364)
        for period, since in (("All time", None), ("Last 365 days", first)):
            choose(page, "Period", period)
            found = rank(hostile_home, RankingQuery("objects", "likes", "lift", 50, "ann", 5, since=since))
            assert column(page, "Posts") == [str(posts) for posts in found["posts"]]
            assert column(page, "Lift") == [f"{lift:.2f}" for lift in found["lift"]]
            assert column(page, "Label")[0] == "dog"
            assert f"{60 if since is None else 37} posts compared" in page.locator("#explorer").inner_text()
        page.get_by_label("Group labels").check()
        assert "animal" in column(page, "Label")
        choose(page, "Measure", "number of posts")
        counted = RankingQuery("objects", "count", account="ann", grouped=True, since=first)
        assert column(page, "Posts") == [str(posts) for posts in rank(hostile_home, counted)["posts"]]
        choose(page, "Classifier", "colours")
        assert column(page, "Label") == ["red"]
        assert page.get_by_label("Group labels").is_hidden()
        choose(page, "Measure", "likes")
        assert "No label here has" in page.get_by_role("status").inner_text()


def test_rows_are_sorted_and_filtered(show: Callable[..., Any]) -> None:
    """A column's button sorts by its numbers, both ways; the field shows the labels with the typed text."""
    with show() as page:
        choose(page, "Measure", "number of posts")
        for direction, reverse in (("descending", True), ("ascending", False)):
            page.get_by_role("button", name="Posts", exact=True).press("Enter")
            assert (
                page.locator("#explorer-table th", has_text=re.compile("^Posts")).get_attribute("aria-sort")
                == direction
            )
            posts = [int(text) for text in column(page, "Posts")]
            assert posts == sorted(posts, reverse=reverse)
            assert len(posts) == LABELS
        page.get_by_role("button", name="Label").click()
        assert column(page, "Label") == sorted(column(page, "Label"), key=str.lower)
        assert page.locator("[aria-sort]").count() == 1
        page.get_by_role("searchbox", name="Find a label").fill("DO")
        assert column(page, "Label") == ["dog"]
        assert page.get_by_role("status").inner_text() == f"1 of {LABELS} labels"


def test_the_address_restores_a_view(show: Callable[..., Any]) -> None:
    """The fragment of one view shows the same view in a new tab; one with unknown names shows what it can."""
    with show() as page:
        choose(page, "Account", HOSTILE)
        choose(page, "Measure", "comments")
        page.get_by_role("button", name="Median").click()
        page.get_by_role("searchbox", name="Find a label").fill("o")
        kept, fragment = column(page, "Label"), page.url.partition("#")[2]
    with show(f"#{fragment}") as page:
        assert column(page, "Label") == kept
        assert page.get_by_role("combobox", name="Account", exact=True).input_value() == "2"
        assert page.get_by_role("columnheader", name="Median").get_attribute("aria-sort") == "descending"
        assert page.get_by_role("heading", name="Explore").is_visible()
    with show("#explore?account=gone&classifier=colours&period=7&sort=constructor&measure=count") as page:
        assert column(page, "Label") == ["red"]


def test_without_scripts_everything_essential_is_there(show: Callable[..., Any]) -> None:
    """With scripts off there are headings, findings, charts and tables, no control, and a line that says why."""
    with show(java_script_enabled=False) as page:
        assert page.get_by_text("With scripts on").is_visible()
        for control in ("select", "input", "button"):
            assert not [one for one in page.locator(control).all() if one.is_visible()]
        assert page.get_by_role("heading", name="objects").first.is_visible()
        assert "dog" in page.locator("main").inner_text()
        assert page.locator("main img").count() > 0


def test_hostile_names_are_only_text(show: Callable[..., Any]) -> None:
    """Markup in labels, captions and accounts is text in the explorer; only web addresses are links."""
    with show() as page:
        options = page.get_by_role("combobox", name="Account", exact=True).locator("option").all_inner_texts()
        assert options == ["All accounts", "ann", HOSTILE]
        assert SCRIPT in column(page, "Label")
        assert "javascript:alert(3) [x](http://x.org) data:image/webp;base64,AA" in column(page, "Label")
        assert page.locator("script").count() == 2
        assert page.locator("img[src=x]").count() == 0
        links = page.evaluate("[...document.links].map((link) => link.protocol)")
        assert set(links) <= {"https:", "file:"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_axe_finds_nothing_serious(show: Callable[..., Any], width: int, scheme: str) -> None:
    """The rules of axe-core have no violation of impact serious or critical."""
    with show(width=width, color_scheme=scheme) as page:
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found = Axe().run(page).response["violations"]
        serious = [
            f"{one['id']}: {node['html'][:200]}"
            for one in found
            if one["impact"] in ("serious", "critical")
            for node in one["nodes"]
        ]
        assert serious == []


def test_the_keyboard_reaches_links_and_controls(show: Callable[..., Any]) -> None:
    """Tab reaches the links to the sections, those of the pictures, and every control that is shown."""
    with show() as page:
        page.evaluate("document.body.tabIndex = -1; document.body.focus()")
        reached = set()
        for _ in range(page.locator("a, button, select, input, summary, [tabindex]").count()):
            page.keyboard.press("Tab")
            reached.add(
                page.evaluate("""document.activeElement.id || document.activeElement.innerText
                                         || document.activeElement.getAttribute('href')""")
            )
        controls = {
            f"explorer-{name}" for name in ("account", "period", "classifier", "measure", "find", "groups")
        }
        assert reached >= controls | {"Explore", "Posts"}
        assert page.locator("a[href^='https:']").count() > 0
        assert any(text for text in reached if text.startswith(("dog", "https://example.org")))


def test_it_prints_on_a4(show: Callable[..., Any]) -> None:
    """Printed pages are A4, no table is wider than the paper or its card, and no control is on paper."""
    wide = """[...document.querySelectorAll('table')].filter((one) =>
        one.getBoundingClientRect().right > (one.closest('.card') ?? document.body).getBoundingClientRect().right)"""
    with show() as page:
        page.emulate_media(media="print")
        page.set_viewport_size({"width": 688, "height": 1000})  # A4 without its margins
        assert page.locator(".trend-cards table").count() > 0
        assert page.evaluate(f"{wide}.length") == 0
        assert page.locator(".controls").is_hidden()
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", page.pdf(format="A4"))
        assert boxes
        assert all(abs(float(width) - 595) < 2 and abs(float(height) - 842) < 2 for width, height in boxes)
