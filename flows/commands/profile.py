"""Check gallery profiles: data files that describe a site's pages."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path

import click
import polars as pl

from flows.errors import SettingsError
from flows.options import with_config, with_format
from flows.output import CHECK_FORMATS, CheckFormat, show
from flows.printable import printable
from flows.settings import read_settings
from tasks.errors import BadProfile
from tasks.scrape.crawl.one_page import fetch_page
from tasks.scrape.gallery.check import PageCheck, check_page
from tasks.scrape.gallery.document import parse
from tasks.scrape.gallery.profile import load_profile
from tasks.scrape.gallery.saved import fallback_url, read_saved_page, saved_page_url
from tasks.scrape.politeness import Politeness


@click.group(help=__doc__)
def profile() -> None:
    pass


@profile.command()
@with_config
@click.argument("profile")
@click.argument("page", metavar="URL-OR-FILE")
@click.option("--url", help="Address of a saved page.  [default: as the page says]")
@click.option("--post/--list", "is_post", default=None, help="Kind of the page.  [default: detected]")
@partial(with_format, formats=CHECK_FORMATS)
def check(
    config: Path, profile: str, page: str, url: str | None, is_post: bool | None, form: CheckFormat
) -> int:
    """Show what a profile finds on a page, field by field, and what is missing.

    PROFILE is a built-in profile or a file. URL-OR-FILE is the page: an address, or a file that you saved.
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
            print("The page does not name its address; give it with --url.", file=sys.stderr)
            url = fallback_url(document)
    checked = check_page(loaded, text, url, is_post=is_post)
    if form == "json":
        print(json.dumps({**asdict(checked), "is_good": checked.is_good}, ensure_ascii=False, indent=2))
    else:
        _print(checked, profile)
    return 0 if checked.is_good else 3


def _politeness(config: Path) -> Politeness:
    """Return the delay and the contact of the settings, or the defaults where there is no settings file."""
    if not config.is_file():
        return Politeness()
    settings = read_settings(config).scrape
    return Politeness(settings.delay_seconds, settings.contact)


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
    kind = "a list page" if checked.kind == "list" else "a post page"
    show(pl.DataFrame(rows), title=f"{profile} on {checked.url}, read as {kind}")
    for problem in checked.problems:
        print(f"problem  {printable(problem)}")
    if checked.error:
        print(f"error    {printable(checked.error)}")
    print("Nothing is missing." if checked.is_good else "Something is missing or can't be read.")
