"""Find the next page of posts: by a link, a cursor, or a page number."""

from __future__ import annotations

from tasks.scrape.gallery.addresses import base_url, fill_template, same_site
from tasks.scrape.gallery.identity import AccountPages
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.selector_types import Part, Selector
from tasks.scrape.values.counts import parse_count


def next_pages(account: AccountPages, page: Part, url: str) -> list[str]:
    """The addresses to which the pager leads. Raises `LayoutChanged` if one is on another host."""
    profile = account.profile
    if profile.list.numbered is not None:
        return _next_number(account, page, url)
    selector = profile.list.next
    assert selector is not None
    base = base_url(url, page.base, selector.template)
    links = []
    for value in _read_values(profile, "list.next", selector, page, url):
        template = selector.template
        address = fill_template(template, account=account.account, value=value) if template else value
        if address.startswith("#"):
            continue
        link = same_site(url, base, address)
        if link is None:
            raise profile.layout_changed(url, "list.next", f"a link away from the site ({address[:120]})")
        if link != url:
            links.append(link)
    return links


def _next_number(account: AccountPages, page: Part, url: str) -> list[str]:
    profile, numbered = account.profile, account.profile.list.numbered
    assert numbered is not None
    number = numbered.number_of(url, account.account)
    if numbered.last is not None:
        texts = _read_values(profile, "list.numbered.last", numbered.last, page, url)
        last = max((one for text in texts if (one := _page_number(text)) is not None), default=None)
        if last is not None and number >= last:
            return []
    address = fill_template(numbered.address, account=account.account, page=str(number + 1))
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
