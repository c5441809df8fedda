"""Pasted addresses are refused when the settings are read, with the lines to write."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.errors import BadSource
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.graph.source import GraphSettings
from tasks.scrape.mastodon.source import MastodonSettings


def mastodon(**given: str) -> MastodonSettings:
    """Settings of an account on a server."""
    return MastodonSettings.model_validate({"name": "a", "kind": "mastodon", **given})


def graph(**given: str) -> GraphSettings:
    """Settings of an Instagram account."""
    return GraphSettings.model_validate(
        {"name": "a", "kind": "graph", "user_id": "1784", "account": "ann", **given}
    )


@pytest.mark.parametrize(
    "server",
    [
        "https://s.example/@mia",
        "https://s.example/@mia/",
        "https://s.example/@mia/112233",
        "https://s.example/@mia/with_replies?lang=de#top",
        "https://s.example/users/mia",
        "https://s.example/web/@mia",
        "https://s.example/mia",
        " https://s.example/@mia ",
        "s.example/@mia",
        "@mia@s.example",
    ],
)
def test_an_accounts_page_is_refused_as_server(server) -> None:
    """The message has the server and the account to write, whether an account is given or not."""
    for account in ({}, {"account": "mia"}):
        with pytest.raises(ValidationError, match=r'server = "https://s\.example", account = "mia"'):
            mastodon(server=server, **account)


@pytest.mark.parametrize(
    ("server", "message"),
    [
        ("https://s.example:8443/@mia", r'server = "https://s\.example:8443", account = "mia"'),
        (
            "http://127.0.0.1:8080/@mia@other.example",
            r'server = "http://127\.0\.0\.1:8080", account = "mia@other',
        ),
        ("https://s.example/explore", r'alone, as server = "https://s\.example"'),
        ("https://s.example/api/v1/", r'server = "https://s\.example"'),
        ("s.example", r'server = "https://s\.example"'),
        ("ftp://s.example", "http"),
    ],
)
def test_other_pages_are_refused_as_server(server, message) -> None:
    """A path of any kind, or a missing scheme, is refused with the address to write."""
    with pytest.raises(ValidationError, match=message):
        mastodon(server=server, account="mia")


@pytest.mark.parametrize(
    ("account", "name"),
    [
        (" mia ", "mia"),
        ("@mia ", "mia"),
        ("mia@s.example", "mia"),
        ("@mia@S.Example", "mia"),
        ("mia@other.example", "mia@other.example"),
    ],
)
def test_an_accounts_name_is_stripped(account, name) -> None:
    """Spaces, an @ and the server's own name around an account's name are removed."""
    source = mastodon(server="https://s.example/", account=account).open(Path())
    assert source.account == name


@pytest.mark.parametrize(
    ("account", "message"),
    [
        ("https://s.example/@mia", 'account = "mia"'),
        ("https://other.example/@mia", 'account = "mia@other.example"'),
        ("https://s.example/@mia@other.example/", 'account = "mia@other.example"'),
        ("https://s.example/about", "Gargron"),
    ],
)
def test_an_address_is_refused_as_account(account, message) -> None:
    """The message has the name to write."""
    with pytest.raises(ValidationError, match=message):
        mastodon(server="https://s.example", account=account)


@pytest.mark.parametrize(
    "account",
    [
        "https://www.instagram.com/zoe/",
        "https://www.instagram.com/zoe?hl=de",
        "https://instagram.com/zoe/reels/",
        "www.instagram.com/zoe",
        "instagram.com/@zoe/",
    ],
)
def test_an_instagram_address_is_refused_as_account(account) -> None:
    """The message has the name to write; spaces and an @ around a name are removed."""
    with pytest.raises(ValidationError, match='write account = "zoe"'):
        graph(account=account)
    assert graph(account=" @zoe ").open(Path()).account == "zoe"


@pytest.mark.parametrize(
    "account", ["https://www.instagram.com/p/C1a2b3/", "https://www.instagram.com/", "https://x.example/zoe"]
)
def test_a_posts_address_is_refused_as_account(account) -> None:
    """The message message that the address is not an account's."""
    with pytest.raises(ValidationError, match="not an account's address"):
        graph(account=account)


def test_instagrams_web_site_is_refused_as_interface() -> None:
    """A version in `base`, and Instagram's web site, are refused with what to write."""
    with pytest.raises(
        ValidationError, match=r'base = "https://graph\.facebook\.com", api_version = "v24\.0"'
    ):
        graph(base="https://graph.facebook.com/v24.0/")
    with pytest.raises(ValidationError, match="remove base"):
        graph(base="https://www.instagram.com/zoe")


def test_a_gallerys_address_must_be_an_accounts_first_page() -> None:
    """A post's page or a later page of the account is refused; spaces around the address are removed."""

    def gallery(url: str, profile: str = "imgrum") -> GallerySettings:
        return GallerySettings(name="a", kind="gallery", profile=profile, url=url)

    assert gallery(" http://x.example/user/ann/7 ").open(Path()).address == "http://x.example/user/ann/7"
    with pytest.raises(BadSource, match="may be a post page"):
        gallery("http://x.example/media/9_7").open(Path())
    with pytest.raises(BadSource, match="page 3 of the account, so newer posts would be missing"):
        gallery("http://x.example/mappe/ann?seite=3", "bilderbogen").open(Path())
    gallery("http://x.example/mappe/ann?seite=1", "bilderbogen").open(Path())
