"""Find the next page of posts: by a link, a cursor, or a page number."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pydantic import Field, model_validator

from tasks.scrape.counts import parse_count
from tasks.scrape.gallery.addresses import base_url, fill_template, same_site
from tasks.scrape.gallery.selector_types import Part, Selector, Table

if TYPE_CHECKING:
    from tasks.scrape.gallery.profile import Profile


class Numbered(Table):
    """Numbered pages: `address` has `{page}` in it and is relative to the account's first page.

    If the page has a `<base>`, an address that is more than a query is relative to it, as a link would be.
    `first` is the number of the account's first page. `last` selects the page numbers that the pager shows; the
    largest is the last page. Without it, the first page without new posts is the last.
    """

    address: str
    first: int = Field(default=1, ge=0)
    last: Selector | None = None

    @model_validator(mode="after")
    def _counts(self) -> Numbered:
        if self.address.count("{page}") != 1:
            raise ValueError("the address must contain {page} once, for the page's number")
        if self.address.startswith("{page}"):
            raise ValueError("the address must contain some text before {page}")
        return self

    def number_of(self, url: str, account: str) -> int:
        """The number of the page at `url`; an address without a number is the first page."""
        before, after = fill_template(self.address, account=account).split("{page}")
        # The address may be escaped in another way.
        before, after = re.escape(unquote(before.lstrip("."))), re.escape(unquote(after))
        found = re.search(rf"{before}(\d{{1,9}}){after}(?!\d)", unquote(url))
        return int(found[1]) if found else self.first


@dataclass(frozen=True, slots=True)
class Account:
    """An account, and the address of its first page."""

    name: str
    first_url: str


def next_pages(profile: Profile, page: Part, url: str, account: Account) -> list[str]:
    """The addresses to which the pager leads. Raises `LayoutChanged` if one is on another host."""
    if (numbered := profile.list.numbered) is not None:
        return _next_number(profile, numbered, page, url, account)
    selector = profile.list.next
    assert selector is not None
    base = base_url(url, page.base, selector.template)
    links = []
    for value in _read_values(profile, "list.next", selector, page, url):
        template = selector.template
        address = fill_template(template, account=account.name, value=value) if template else value
        if address.startswith("#"):
            continue
        link = same_site(url, base, address)
        if link is None:
            raise profile.layout_changed(url, "list.next", f"a link away from the site ({address[:120]})")
        if link != url:
            links.append(link)
    return links


def _next_number(profile: Profile, numbered: Numbered, page: Part, url: str, account: Account) -> list[str]:
    number = numbered.number_of(url, account.name)
    if numbered.last is not None:
        texts = _read_values(profile, "list.numbered.last", numbered.last, page, url)
        last = max((one for text in texts if (one := _page_number(text)) is not None), default=None)
        if last is not None and number >= last:
            return []
    address = fill_template(numbered.address, account=account.name, page=str(number + 1))
    base = base_url(url, page.base, numbered.address)
    link = same_site(url, account.first_url if base == url else base, address)
    if link is None:
        result = f"an address away from the site ({address[:120]})"
        raise profile.layout_changed(url, "list.numbered", result, selector=numbered.address)
    return [link]


def _read_values(profile: Profile, key: str, selector: Selector, page: Part, url: str) -> list[str]:
    try:
        values = [value for value in selector.values(page) if value is not False]
    except ValueError as error:
        raise profile.layout_changed(url, key, f"nothing: {error}", selector=selector) from error
    for value in values:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            result = f"neither an address nor a number ({str(value)[:80]})"
            raise profile.layout_changed(url, key, result, selector=selector)
    return [str(value) for value in values]


def _page_number(text: str) -> int | None:
    try:
        return parse_count(text).value
    except ValueError:
        return None
