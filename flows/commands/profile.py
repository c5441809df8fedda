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
from tasks.scrape.gallery.check import Checked, check_page
from tasks.scrape.gallery.document import parse
from tasks.scrape.gallery.profile import load_profile
from tasks.scrape.gallery.saved import read_saved, saved_from, stand_in
from tasks.scrape.politeness import Politeness


def check(
    config: Path, profile: str, page: str, url: str | None, is_post: bool | None, form: CheckFormat
) -> int:
    """Show what the profile finds on the page. Status 0 when nothing is missing, 3 when something is.

    Raises `SettingsError` where the profile or the file can't be used, and the errors of `tasks.errors` where
    the page can't be fetched.
    """
    try:
        loaded = load_profile(profile)
    except BadProfile as error:
        raise SettingsError(str(error)) from error
    if page.startswith(("http://", "https://")):
        url, text = fetch_page(page, _politeness(config))
    else:
        text = _saved(Path(page))
        document = parse(text)
        url = url or saved_from(document.root, text)
        if url is None:
            print("The page does not say where it came from; tell it with --url.", file=sys.stderr)
            url = stand_in(document)
    checked = check_page(loaded, text, url, is_post=is_post)
    if form == "json":
        print(json.dumps({**asdict(checked), "is_good": checked.is_good}, ensure_ascii=False, indent=2))
    else:
        _print(checked, profile)
    return 0 if checked.is_good else 3


def _politeness(config: Path) -> Politeness:
    """As the settings say, where there are any: the delay between two requests, and the contact."""
    if not config.is_file():
        return Politeness()
    chosen = read_settings(config).scrape
    return Politeness(chosen.delay_seconds, chosen.contact)


def _saved(file: Path) -> str:
    try:
        return read_saved(file)
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"The page {file} can't be read ({error}). Give the path of a saved page, or an address that begins"
            " with http:// or https://."
        ) from error


def _print(checked: Checked, profile: str) -> None:
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
    what = "a page of posts" if checked.kind == "list" else "a post's own page"
    show(pl.DataFrame(rows), title=f"{profile} on {checked.url}, read as {what}")
    for problem in checked.problems:
        print(f"problem  {printable(problem)}")
    if checked.error:
        print(f"error    {printable(checked.error)}")
    print("Nothing is missing." if checked.is_good else "Something is missing or can't be read.")
