"""The adapter of an account on a Mastodon or Pixelfed server: its look-up, its statuses, their threads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar
from urllib.parse import quote, unquote, urlencode, urlsplit

from tasks.errors import AccountPrivate, StageError
from tasks.scrape.crawl.response_values import Findings
from tasks.scrape.crawl.site_adapter import (
    CrawlState,
    Detail,
    PageResult,
    Response,
    SignedRequest,
    SiteAdapter,
)
from tasks.scrape.mastodon.pager import QUERY, ignores_max_id, next_pages
from tasks.scrape.mastodon.refusals import pause_seconds, refusal
from tasks.scrape.mastodon.statuses import read_account, read_statuses
from tasks.scrape.mastodon.thread import read_thread
from tasks.scrape.pages import Page, ScrapedPost

TOKEN_VARIABLE = "MASTODON_TOKEN"  # noqa: S105 - a name, no token
"""The environment variable with the token, unless the settings name another."""


@dataclass(frozen=True, slots=True)
class MastodonAdapter(SiteAdapter):
    """One account on a server, by its name or by its id there; the other of the two is empty.

    Error messages name `token_variable` where a token is required.
    """

    server: str
    account: str
    account_id: str = ""
    token_variable: str = TOKEN_VARIABLE
    pager: ClassVar[str] = "the Link header"

    @property
    def first_url(self) -> str:
        """The account's own address: its look-up by name, or its id's."""
        if self.account_id:
            return f"{self.server}/api/v1/accounts/{self.account_id}"
        return f"{self.server}/api/v1/accounts/lookup?{urlencode({'acct': self.account})}"

    def sign_request(self, url: str, secret: str | None) -> SignedRequest:
        """With the token in a header, where there is one. Pixelfed sends JSON only if the request accepts it."""
        headers = {"Accept": "application/json"}
        return SignedRequest(
            url, headers if secret is None else {**headers, "Authorization": f"Bearer {secret}"}
        )

    def read(self, response: Response, crawl_state: CrawlState) -> PageResult:
        """Read the account, or a page of its posts. Raises `AccountNotFound`, `AccountPrivate` or `LayoutChanged`."""
        path = urlsplit(response.url).path.rstrip("/")
        if path.endswith("/statuses"):
            return self._statuses(response, crawl_state)
        account_id, head, findings = read_account(response)
        statuses = f"{self.server}/api/v1/accounts/{quote(account_id, safe='')}/statuses"
        return PageResult(None, (f"{statuses}?{urlencode(QUERY)}",), head, tuple(findings.problems))

    def detail_url(self, post: ScrapedPost) -> str | None:
        """The address of the post's thread; None where there are no comments, or the settings read none."""
        if not self.comments or post.comments == 0:
            return None
        return f"{self.server}/api/v1/statuses/{quote(post.post_id, safe='')}/context"

    def read_detail(self, response: Response, post: ScrapedPost) -> Detail:
        """Read the post's comments. Raises `LayoutChanged`."""
        findings = Findings()
        thread = read_thread(response, post.post_id, findings)
        return Detail(replace(post, thread=thread), tuple(findings.problems), tuple(findings.unparsed))

    def refusal(self, response: Response) -> StageError | None:
        """The error for the server's messages about tokens, accounts and limits."""
        return refusal(response, self.account or self.account_id, self.token_variable)

    def pause_seconds(self, response: Response) -> float:
        """The wait until the server's limit is renewed, where it is nearly used up."""
        return pause_seconds(response)

    def _statuses(self, response: Response, crawl_state: CrawlState) -> PageResult:
        findings = Findings()
        found = read_statuses(
            response, findings, unquote(urlsplit(response.url).path.rstrip("/").split("/")[-2])
        )
        head = crawl_state.head
        if crawl_state.first and not found.ids and head is not None and head.locked and head.posts != 0:
            raise AccountPrivate(
                f"The account {self.account or self.account_id} on {self.server} is private: only its followers"
                f" see its posts. Set {self.token_variable} to the token of a follower, or remove the source."
            )
        # Such a server repeats its newest page, although there may be more posts.
        ignores = ignores_max_id(response.url, found.ids)
        more = ignores and (head is None or head.posts is None or head.posts > len(found.ids))
        if more:
            findings.problems.append(
                f"{self.server} ignores max_id, so posts older than the newest {len(found.ids)} can't be read there"
            )
        page = Page(
            url=response.url,
            observed_at=response.at,
            account=self.account or found.account or self.account_id,
            head=None,
            posts=found.posts,
            next_url=None,
            problems=tuple(findings.problems),
            unparsed=tuple(findings.unparsed),
            more=more,
        )
        if ignores:
            return PageResult(page)
        here = response.url.partition("?")[0]
        return PageResult(page, next_pages(here, response.headers.get("link"), found.ids))
