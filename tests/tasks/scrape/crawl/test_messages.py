"""What the crawl's process says to the run has no token in it."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from scrapy.exceptions import DownloadTimeoutError

from tasks.scrape.crawl.failures import failure_of
from tasks.scrape.crawl.messages import MESSAGE_JSON, Message, without_secret
from tasks.scrape.pages import Page, ScrapedPost

SECRET = 'EAAG|x y/"z'


def test_an_error_that_quotes_the_whole_address_is_told_without_the_token() -> None:
    """Scrapy's time-out names the address as it was sent; what reaches the run has stars in the token's place."""
    sent = f"https://graph.example/v25.0/1?fields=x&access_token={quote(SECRET, safe='')}"
    error = failure_of(
        DownloadTimeoutError(f"Getting {sent} took longer than 60 seconds."), "https://graph.example/x"
    )
    assert quote(SECRET, safe="") in str(error)
    told = without_secret(Message("failed", error="SourceUnreachable", text=str(error)), SECRET).text
    assert quote(SECRET, safe="") not in told and "access_token=***" in told


def test_a_page_is_told_without_the_token_and_else_unchanged() -> None:
    """Texts and addresses of a page lose the token wherever it stands; all else stays as it is."""
    when = datetime(2026, 5, 1, tzinfo=UTC)

    def page(token: str) -> Page:
        post = ScrapedPost("1", f"https://x.example/?t={token}", "image", when, f"a {token} b", likes=5)
        return Page("https://x.example", when, "ann", None, (post,), None, (f"problem {token}",))

    message = without_secret(Message("page", page=page(SECRET)), SECRET)
    assert message == Message("page", page=page("***"))
    assert MESSAGE_JSON.validate_json(MESSAGE_JSON.dump_json(message)) == message


@pytest.mark.parametrize("secret", [None, "", "abc", "12345"])
def test_numbers_and_words_are_no_token(secret) -> None:
    """Without a token nothing is changed; one of digits is looked for in texts, not in numbers."""
    when = datetime(2026, 5, 1, tzinfo=UTC)
    post = ScrapedPost("1", "https://x.example/abc", "image", when, likes=12345)
    message = Message("page", page=Page("https://x.example", when, "abc", None, (post,), None))
    assert without_secret(message, secret) == message
