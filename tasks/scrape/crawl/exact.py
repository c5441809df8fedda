"""Requests of the crawl with exactly the address that a page or a redirect gave.

Scrapy and Twisted rewrite addresses: escapes, empty queries, empty parts of paths. `request_url` makes the
address that is sent, `ExactHandler` sends it, and `ExactRedirects` makes one from a Location header.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler, _ScrapyAgent
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred
from twisted.web.client import Agent
from twisted.web.iweb import IResponse

from tasks.scrape.crawl.sending import request_url
from tasks.urls import from_header, join

VERBATIM = {"verbatim_url": True}
"""Key of a request's `meta` that makes Scrapy leave its address unchanged."""
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class ExactHandler(HTTP11DownloadHandler):
    """Scrapy's handler for HTTP, with the path and the query unchanged."""

    async def download_request(self, request: Request) -> Response:
        """Like Scrapy's own, but with an agent that does not rebuild the path."""
        agent = _ExactAgent(
            contextFactory=self._contextFactory,
            bindAddress=self._bind_address,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            crawler=self._crawler,
        )
        with wrap_twisted_exceptions():
            return await maybe_deferred_to_future(agent.download_request(request))


class _ExactAgent(_ScrapyAgent):
    def _get_agent(self, request: Request, timeout: float) -> Agent:
        agent = super()._get_agent(request, timeout)
        parts = urlsplit(request.url)
        if request.meta.get("proxy") and parts.scheme == "http":
            return agent  # a proxy gets the complete address, which is not rebuilt
        target = request.url.removeprefix(f"{parts.scheme}://{parts.netloc}").partition("#")[0]
        # Neither Twisted nor Scrapy has a public way to set the path.
        send: Any = agent._requestWithEndpoint  # noqa: SLF001

        def send_exactly(*arguments: Any) -> Deferred[IResponse]:
            # The last argument is the path, which Twisted has rebuilt from its parts.
            return send(*arguments[:-1], (target or "/").encode("ascii"))  # type: ignore[no-any-return]

        agent._requestWithEndpoint = send_exactly  # type: ignore[method-assign,assignment]  # noqa: SLF001
        return agent


class ExactRedirects(RedirectMiddleware):
    """Scrapy's redirects, to exactly the address in the header."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """The request for the next address, or the response where it does not redirect."""
        location = response.headers.get("Location")
        if response.status not in _REDIRECTS or not location:
            return response
        try:
            url = request_url(join(request.url, from_header(location)))
        except ValueError as error:
            raise IgnoreRequest(f"HTTP {response.status} redirects to no web address: {error}") from error
        redirected = self._build_redirect_request(request, response, url=url)
        redirected.meta.update(VERBATIM)
        return self._redirect(redirected, request, response.status)
