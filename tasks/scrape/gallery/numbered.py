"""Pages that are counted: their addresses, and the number in an address."""

from __future__ import annotations

import re
from urllib.parse import unquote

from pydantic import Field, model_validator

from tasks.scrape.gallery.addresses import filled
from tasks.scrape.gallery.selector_types import Place, Table


class Numbered(Table):
    """Pages that are counted: `address` with `{page}` in it, relative to the account's first page.

    Where the page has a `<base>`, an address that is more than a query counts from there, as a link would.
    `first` is the number of the account's first page. `last` are the numbers of pages as the pager shows
    them, of which the largest is the last page's; without it, the first page without new posts ends it.
    """

    address: str
    first: int = Field(default=1, ge=0)
    last: Place | None = None

    @model_validator(mode="after")
    def _counts(self) -> Numbered:
        if self.address.count("{page}") != 1:
            raise ValueError("the address needs {page} once, where the page's number is put")
        if self.address.startswith("{page}"):
            raise ValueError("the address needs something before {page} by which it is known")
        return self

    def number_of(self, url: str, account: str) -> int:
        """The number of the page at `url`; an address without a number is the first page's."""
        before, after = filled(self.address, account=account).split("{page}")
        # An address is known again however its letters are escaped.
        before, after = re.escape(unquote(before.lstrip("."))), re.escape(unquote(after))
        found = re.search(rf"{before}(\d{{1,9}}){after}(?!\d)", unquote(url))
        return int(found[1]) if found else self.first
