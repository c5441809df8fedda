"""From one page of posts to the next: along a link, with a cursor, or by counting."""

from __future__ import annotations

from dataclasses import dataclass

from tasks.errors import LayoutChanged
from tasks.scrape.gallery.addresses import base_url, filled, same_site
from tasks.scrape.gallery.messages import misfit
from tasks.scrape.gallery.numbered import Numbered
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.selector_types import Part, Place
from tasks.scrape.values.counts import parse_count


@dataclass(frozen=True, slots=True)
class Account:
    """Whose pages they are, and where these begin."""

    name: str
    first_url: str


def next_pages(profile: Profile, page: Part, url: str, account: Account) -> list[str]:
    """Addresses that the pager leads to. Raises `LayoutChanged` when one is on another host."""
    if (numbered := profile.list.numbered) is not None:
        return _next_number(profile, numbered, page, url, account)
    place = profile.list.next
    assert place is not None
    base = base_url(url, page.base, place.template)
    links = []
    for value in _found(profile, "list.next", place, page, url):
        address = filled(place.template, account=account.name, value=value) if place.template else value
        if address.startswith("#"):
            continue
        link = same_site(url, base, address)
        if link is None:
            what = f"a link away from the site ({address[:120]})"
            raise LayoutChanged(misfit(profile, url, "list.next", place, what))
        if link != url:
            links.append(link)
    return links


def _next_number(profile: Profile, numbered: Numbered, page: Part, url: str, account: Account) -> list[str]:
    number = numbered.number_of(url, account.name)
    if numbered.last is not None:
        found = _found(profile, "list.numbered.last", numbered.last, page, url)
        last = max((one for text in found if (one := _number(text)) is not None), default=None)
        if last is not None and number >= last:
            return []
    following = filled(numbered.address, account=account.name, page=str(number + 1))
    base = base_url(url, page.base, numbered.address)
    link = same_site(url, account.first_url if base == url else base, following)
    if link is None:
        what = f"an address away from the site ({following[:120]})"
        raise LayoutChanged(misfit(profile, url, "list.numbered", numbered.address, what))
    return [link]


def _found(profile: Profile, name: str, place: Place, page: Part, url: str) -> list[str]:
    try:
        values = [value for value in place.values(page) if value is not False]
    except ValueError as error:
        raise LayoutChanged(misfit(profile, url, name, place, f"nothing: {error}")) from error
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            what = f"what is neither an address nor a number ({str(value)[:80]})"
            raise LayoutChanged(misfit(profile, url, name, place, what))
    return [str(value) for value in values]


def _number(text: str) -> int | None:
    try:
        return parse_count(text).value
    except ValueError:
        return None
