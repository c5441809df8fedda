"""Whose page it is: a server may send another page of its site for an account or a post.

A redirect to the home page is the usual case, and its posts are not the account's. A page belongs to the account
if its head names it, if its address is the account's, or if its pager leads to the account's pages. If only the
address supports it, or nothing, the stop policy checks whether its posts are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

from tasks.errors import LayoutChanged
from tasks.scrape.crawl.site_adapter import Response
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.pages import AccountInfo, Identity


@dataclass(frozen=True, slots=True)
class AccountPages:
    """The pages of an account on a gallery."""

    profile: Profile
    account: str
    first_url: str

    def identity_of(
        self, response: Response, head: AccountInfo | None, links: Sequence[str], *, first: bool
    ) -> Identity:
        """What shows that a page of posts is the account's; `links` are the addresses in its pager."""
        if self._names_account(head) or any(self._is_below(link) for link in links):
            return "account"
        if not self._is_own_address(response):
            return "unknown"
        # Pages after the first need not name the account.
        names_another = head is not None and head.name is not None
        return "address" if first and (head is None or names_another) else "account"

    def check_address(self, response: Response) -> None:
        """Raise `LayoutChanged` if a redirect led to an address that is not the account's."""
        if not self._is_own_address(response):
            raise LayoutChanged(
                f"{response.requested} leads to {response.url}, which is not a page of the account {self.account} and"
                " shows none of its posts. Nothing of it was stored. Open the address. If the account has moved, set"
                " its new address in the settings."
            )

    def _is_own_address(self, response: Response) -> bool:
        is_same = is_same_page(response.requested or response.url, response.url)
        return is_same or self._is_account_page(response.url)

    def _names_account(self, head: AccountInfo | None) -> bool:
        if head is None or head.name is None:
            return False
        name = re.escape(unquote(self.account).casefold())
        return re.search(rf"(?<![\w.]){name}(?!\w)", head.name.casefold()) is not None

    def _is_account_page(self, url: str) -> bool:
        found = re.match(self.profile.account, urlsplit(url).path)
        return found is not None and _plain(found["account"]) == _plain(self.account)

    def _is_below(self, link: str) -> bool:
        # A template contains the account, so an address from it proves nothing.
        if self.profile.list.next is None or self.profile.list.next.template is not None:
            return False
        base, path = _plain(urlsplit(self.first_url).path), _plain(urlsplit(link).path)
        return path == base or path.startswith(f"{base}/")


def is_same_page(requested: str, final: str) -> bool:
    """Whether two addresses are one page: scheme, `www.`, a slash at the end and escapes do not matter."""
    return _page_key(requested) == _page_key(final)


def is_post_page(requested: str, final: str, post_id: str) -> bool:
    """Whether the page at `final` can be the post page that was requested: its address has the post's id."""
    if is_same_page(requested, final):
        return True
    return re.search(rf"(?<![A-Za-z0-9]){re.escape(post_id)}(?![A-Za-z0-9])", unquote(final)) is not None


def _page_key(url: str) -> tuple[str, str, list[tuple[str, str]]]:
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    return host, _plain(parts.path), sorted(parse_qsl(parts.query, keep_blank_values=True))


def _plain(path: str) -> str:
    return unquote(path).casefold().rstrip("/")
