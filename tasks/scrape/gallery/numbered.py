"""Numbered pages: their addresses, and the number in an address."""

from __future__ import annotations

import re
from urllib.parse import unquote

from pydantic import Field, model_validator

from tasks.scrape.gallery.addresses import fill_template
from tasks.scrape.gallery.selector_types import Selector, Table


class NumberedPages(Table):
    """Numbered pages: `address` has `{page}` in it and is relative to the account's first page.

    If the page has a `<base>`, an address that is more than a query is relative to it, as a link would be.
    `first` is the number of the account's first page. `last` selects the page numbers that the pager shows; the
    largest is the last page. Without it, the first page without new posts is the last.
    """

    address: str
    first: int = Field(default=1, ge=0)
    last: Selector | None = None

    @model_validator(mode="after")
    def _check_address(self) -> NumberedPages:
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
