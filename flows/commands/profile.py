"""`likelens profile check`: what a gallery profile finds on one page, field by field."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import polars as pl

from flows.commands.output import CheckFormat, printable, show
from flows.settings import SettingsError, read_settings
from tasks.errors import BadProfile
from tasks.scrape.crawl.one_page import fetch_page
from tasks.scrape.gallery.check import PageCheck, check_page
from tasks.scrape.gallery.document import parse
from tasks.scrape.gallery.profile import load_profile
from tasks.scrape.gallery.saved import fallback_url, read_saved_page, saved_page_url
from tasks.scrape.politeness import Politeness


def check(
    config: Path, profile: str, page: str, url: str | None, is_post: bool | None, form: CheckFormat
) -> int:
    """Print what the profile finds on the page. Returns the exit status: 3 if something is missing, else 0.

    Raises `SettingsError` if the profile or the file can't be used, and the errors of `tasks.errors` if the page
    can't be fetched.
    """
    try:
        loaded = load_profile(profile)
    except BadProfile as error:
        raise SettingsError(str(error)) from error
    if page.startswith(("http://", "https://")):
        url, text = fetch_page(page, _politeness(config))
    else:
        text = _read_file(Path(page))
        document = parse(text)
        url = url or saved_page_url(document)
        if url is None:
            print("The page does not name its own address. Give it with --url.", file=sys.stderr)
            url = fallback_url(document)
    checked = check_page(loaded, text, url, is_post=is_post)
    if form == "json":
        print(json.dumps({**asdict(checked), "is_good": checked.is_good}, ensure_ascii=False, indent=2))
    else:
        _print(checked, profile)
    return 0 if checked.is_good else 3


def _politeness(config: Path) -> Politeness:
    """The delay and the contact of the settings file, if there is one."""
    if not config.is_file():
        return Politeness()
    scrape = read_settings(config).scrape
    return Politeness(scrape.delay_seconds, scrape.contact)


def _read_file(file: Path) -> str:
    try:
        return read_saved_page(file)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The page {file} can't be read ({error}). Give the path of a saved page, or an address that starts"
            " with http:// or https://."
        ) from error


def _print(checked: PageCheck, profile: str) -> None:
    rows = [
        {
            "key": field.key,
            "found": f"{field.found} of {field.of}" if field.place else "–",
            "trouble": field.trouble,
            "examples": " | ".join(field.examples),
            "place": field.place or "not in the profile",
        }
        for field in checked.fields
    ]
    what = "a page of posts" if checked.kind == "list" else "a post page"
    show(pl.DataFrame(rows), title=f"{profile} on {checked.url}, read as {what}")
    for problem in checked.problems:
        print(f"problem  {printable(problem)}")
    if checked.error:
        print(f"error    {printable(checked.error)}")
    print("Nothing is missing." if checked.is_good else "Something is missing or can't be read.")
