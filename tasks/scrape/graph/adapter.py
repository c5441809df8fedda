"""The adapter of an Instagram account's media: one address per page, with the cursor of the page before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from tasks.errors import StageError
from tasks.scrape.crawl.response_values import Findings, read_json_response
from tasks.scrape.crawl.site_adapter import CrawlState, PageResult, Response, SignedRequest, SiteAdapter
from tasks.scrape.graph.errors import LIMIT_SECONDS, error_in, error_of, is_limited, is_too_much, stage_error
from tasks.scrape.graph.fields import discovery, is_cursor, page_size_of, with_page_size
from tasks.scrape.graph.media import INTERFACE, read_media
from tasks.scrape.graph.usage import pause_seconds
from tasks.scrape.pages import Page


@dataclass(frozen=True, slots=True)
class GraphAdapter(SiteAdapter):
    """One professional account; `user_id` is the requesting account."""

    base: str
    api_version: str
    user_id: str
    account: str
    page_size: int = 50
    # Robots.txt is for uninvited visitors; Instagram has issued a token.
    obeys_robots: ClassVar[bool] = False
    pager: ClassVar[str] = "paging.cursors.after"

    @property
    def first_url(self) -> str:
        """The account with its newest media; without the token."""
        return self._url(None, self.page_size)

    def sign_request(self, url: str, secret: str | None) -> SignedRequest:
        """With the token in the address, as the Graph API requires."""
        return SignedRequest(url if secret is None else f"{url}&access_token={quote(secret, safe='')}")

    def read(self, response: Response, crawl_state: CrawlState) -> PageResult:
        """Read a page of posts. Raises the error in the response, or `LayoutChanged`."""
        document = read_json_response(response, INTERFACE)
        if isinstance(document, dict) and (error := error_of(document)) is not None:
            raise stage_error(error, response, self.account, self.user_id)
        findings = Findings()
        media = read_media(response, document, findings, first=crawl_state.first)
        leads_on = media.listed > 0 and media.after not in (None, "")
        astray = leads_on and not is_cursor(media.after)
        if astray:
            findings.problems.append("paging.cursors.after is not a cursor; older posts were not read")
        page = Page(
            url=response.url,
            observed_at=response.at,
            account=self.account,
            head=media.head if crawl_state.first else None,
            posts=media.posts,
            next_url=None,
            problems=tuple(findings.problems),
            unparsed=tuple(findings.unparsed),
            more=astray,
        )
        # As many as on this page: a reduced number applies to the rest of the account.
        size = page_size_of(_fields_of(response.url)) or self.page_size
        return PageResult(page, (self._url(media.after, size),) if leads_on and not astray else ())

    def refusal(self, response: Response) -> StageError | None:
        """The error for the response's error code; None where it has none."""
        error = error_in(response.text)
        return None if error is None else stage_error(error, response, self.account, self.user_id)

    def is_worth_retrying(self, response: Response) -> bool:
        """Not where a limit is used up, because retries count too, nor where a smaller page is next."""
        limited = is_limited(error_in(response.text), response.status)
        return not limited and self.smaller_page_url(response) is None

    def smaller_page_url(self, response: Response) -> str | None:
        """Half as many media from the same cursor on, where Instagram refuses this much data."""
        fields = _fields_of(response.url)
        size = page_size_of(fields) or 1
        if size == 1 or not is_too_much(error_in(response.text)):
            return None
        return self._with_fields(with_page_size(fields, size // 2))

    def pause_seconds(self, response: Response) -> float:
        """The wait where a limit is used up or nearly so."""
        pause = pause_seconds(response.headers)
        return pause or (LIMIT_SECONDS if is_limited(error_in(response.text), response.status) else 0.0)

    def _url(self, after: str | None, page_size: int) -> str:
        return self._with_fields(discovery(self.account, page_size, after))

    def _with_fields(self, fields: str) -> str:
        return f"{self.base}/{self.api_version}/{self.user_id}?{urlencode({'fields': fields})}"


def _fields_of(url: str) -> str:
    return parse_qs(urlsplit(url).query).get("fields", [""])[0]
