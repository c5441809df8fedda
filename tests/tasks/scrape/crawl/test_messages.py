"""Messages of the crawl's process have no token in them."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from scrapy.exceptions import DownloadTimeoutError

from tasks.scrape.crawl.failures import failure_of
from tasks.scrape.crawl.messages import MESSAGE_JSON, Message, without_secret
from tasks.scrape.pages import Page, ScrapedPost

SECRET = 'EAAG|x y/"z'


def test_an_error_that_quotes_the_complete_address_loses_the_token() -> None:
    """Scrapy's time-out quotes the address as it was sent; the message has stars in place of the token."""
    sent = f"https://graph.example/v25.0/1?fields=x&access_token={quote(SECRET, safe='')}"
    error = failure_of(
        DownloadTimeoutError(f"Getting {sent} took longer than 60 seconds."), "https://graph.example/x"
    )
    assert quote(SECRET, safe="") in str(error)
    text = without_secret(Message("failed", error="SourceUnreachable", text=str(error)), SECRET).text
    assert quote(SECRET, safe="") not in text and "access_token=***" in text


def test_a_page_loses_the_token_and_is_otherwise_unchanged() -> None:
    """The token is replaced in all texts and addresses of a page."""
    when = datetime(2026, 5, 1, tzinfo=UTC)

    def page(token: str) -> Page:
        post = ScrapedPost("1", f"https://x.example/?t={token}", "image", when, f"a {token} b", likes=5)
        return Page("https://x.example", when, "ann", None, (post,), None, (f"problem {token}",))

    message = without_secret(Message("page", page=page(SECRET)), SECRET)
    assert message == Message("page", page=page("***"))
    assert MESSAGE_JSON.validate_json(MESSAGE_JSON.dump_json(message)) == message


@pytest.mark.parametrize("secret", [None, "", "abc", "12345"])
def test_a_short_or_missing_token_changes_nothing(secret) -> None:
    """Nothing is changed without a token; a token of digits is replaced in texts, not in numbers."""
    when = datetime(2026, 5, 1, tzinfo=UTC)
    post = ScrapedPost("1", "https://x.example/abc", "image", when, likes=12345)
    message = Message("page", page=Page("https://x.example", when, "abc", None, (post,), None))
    assert without_secret(message, secret) == message
