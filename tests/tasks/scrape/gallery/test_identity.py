"""Redirects and other pages: posts are stored only from the account's pages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.politeness import Politeness


@pytest.mark.slow
def test_the_home_page_is_not_read_as_the_account(gallery, run_once, importing) -> None:
    """A redirect to the site's home page fails the first run and a later one; nothing is stored or marked."""
    home_page = {"/by/ann": "/"}
    for moved in (home_page, {}, home_page):
        gallery.moved, before = moved, importing.tables()
        if not moved:
            assert run_once().status == "done"
            continue
        with pytest.raises(LayoutChanged, match="can't be taken for a page of the account ann"):
            run_once(full=True)
        assert importing.tables() == before


def test_a_redirect_to_the_home_page_fails_over_http_too(site, gallery, importing, open_account) -> None:
    """The crawl follows the redirect of a real server, and refuses the page."""
    gallery.moved = {"/by/ann": "/"}
    site.service = gallery
    with pytest.raises(LayoutChanged, match="can't be taken for a page of the account ann"):
        importing.read(open_account(site.base), politeness=Politeness(0))
    assert importing.rows("select count(*) from posts") == [(0,)]


@pytest.mark.slow
def test_a_redirect_to_another_page_is_reported_as_a_redirect(gallery, run_once, importing) -> None:
    """If the page does not fit because of a redirect, the error does not blame the profile."""
    run_once()
    gallery.moved = {"/by/ann": "/about"}
    with pytest.raises(
        LayoutChanged, match=r"/by/ann leads to .*/about, which is not a page of the account ann"
    ):
        run_once(full=True)


def test_a_moved_account_is_identified_by_its_name_or_its_posts(gallery, run_once, importing) -> None:
    """A page at another address is read if it names the account, or shows known posts."""
    gallery.moved = {"/by/ann": "/by/ann-of-pix/"}
    assert run_once().status == "done"
    gallery.heading = "<header><h1>Somebody</h1><b>{}</b></header>"
    assert run_once(full=True).status == "done"
    assert importing.rows("select count(*), count(gone_at) from posts") == [(12, 0)]


@pytest.mark.slow
def test_unknown_posts_at_the_account_s_own_address_fail(gallery, run_once, importing) -> None:
    """The address is enough if no post is stored yet; later, the page must show one of the stored posts."""
    gallery.heading = "<nav></nav>"
    run_once()
    gallery.posts = [replace(post, number=900 + post.number) for post in gallery.posts]
    with pytest.raises(LayoutChanged, match="0 of its 12 posts are known"):
        run_once(full=True)
    assert importing.rows("select count(*), count(gone_at) from posts") == [(12, 0)]
