"""The site of docs/ builds without a warning, is found by its menu and search, and loads nothing from elsewhere."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

LOADED = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "srcset"}
"""Tags that load something, with the attribute that names it."""
NOT_LOADED = {"canonical", "next", "prev"}
"""Kinds of `link` that load nothing."""


@pytest.fixture(scope="module")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` does."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    built = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert built.returncode == 0, built.stdout[-3000:] + built.stderr[-3000:]
    return folder


class Loads(HTMLParser):
    """Collects what a page loads, and its ids."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.ids.add(given.get("id") or "")
        if tag in LOADED and given.get("rel") not in NOT_LOADED and (address := given.get(LOADED[tag])):
            self.loaded.append(address)


def test_every_page_loads_only_files_of_the_site(site):
    """Scripts, styles and pictures of each page are in the site's folder; there is no font of another server."""
    for page in site.rglob("*.html"):
        if page.name == "404.html":  # its links are absolute, for a server
            continue
        text = page.read_text("utf-8")
        for address in Loads(text).loaded:
            assert (page.parent / address.partition("?")[0]).exists(), f"{page.name}: {address}"
        assert "fonts.googleapis.com" not in text
    assert len(list(site.glob("*.html"))) > 20


def test_the_menu_leads_into_the_guide(site):
    """The menu's links into the guide have their targets."""
    guide = (site / "guide.html").read_text("utf-8")
    targets = set(re.findall(r'href="guide\.html#([\w-]+)"', (site / "index.html").read_text("utf-8")))
    assert len(targets) > 3
    assert targets <= Loads(guide).ids


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("there is no Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


def test_the_search_works_from_disk(browser, site):
    """Words of the tutorial find the tutorial, without a server."""
    page = browser.new_page()
    page.goto((site / "index.html").as_uri())
    # The search listens for keys, and looks at a value that is set without them only once, just after the focus.
    page.locator("input.md-search__input").press_sequentially("practice pictures")
    result = page.locator(".md-search-result__link").first
    result.wait_for(timeout=60_000)
    assert "tutorial.html" in result.get_attribute("href")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible(browser, site, scheme):
    """axe-core has no serious finding on the tutorial, in both colour schemes, and a phone need not scroll sideways."""
    from axe_playwright_python.sync_playwright import Axe

    page = browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 844})
    page.goto((site / "tutorial.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
