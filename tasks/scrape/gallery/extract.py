"""Read a gallery's page of posts: plain functions over a parsed page, which send no request.

A field that is missing in one post, or that can't be read, is null and a problem. A field that every page has, and that
no post of a page has, means that the page no longer fits the profile: `LayoutChanged` names the selector, and
nothing of the page is used.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from lxml import etree

from tasks.errors import AccountNotFound, AccountPrivate, SourceRefused
from tasks.scrape.gallery.fields import FieldReader
from tasks.scrape.gallery.posts import PostReader
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.selector_types import Part
from tasks.scrape.pages import AccountInfo, Page

_ROBOT_CHECK = re.compile(
    r"captcha|cf-challenge|challenge-platform|just a moment\.\.\.|are you (?:a )?(?:human|robot)|unusual traffic",
    re.IGNORECASE,
)
"""Markup and text of reCAPTCHA, hCaptcha, Cloudflare and similar checks."""


def read_page(
    profile: Profile,
    page: Part,
    url: str,
    account: str,
    observed_at: datetime,
    *,
    may_be_empty: bool = False,
    may_lack: Collection[str] = (),
) -> Page:
    """Read the posts on one page of `account`, as they were at `observed_at`.

    `may_be_empty`: earlier pages have shown all posts that the account counts. If they fill the last page, a
    pager often leads to one more, without posts. `may_lack`: fields, by their names in the settings, that all
    posts may lack.

    Raises `AccountPrivate` or `AccountNotFound` if the page says so, `SourceRefused` for a login form or a robot
    check, and `LayoutChanged`, with the selector, if the page does not fit the profile.
    """
    reader = FieldReader(profile, page, url, account)
    # What could not be read may have posts.
    reader.unparsed += ["page"] * len(page.troubles)
    if reader.matches("head.private", page):
        raise AccountPrivate(f"The account at {url} is private: its posts are shown to its followers only.")
    if reader.matches("head.unknown", page):
        raise AccountNotFound(f"{url} says that there is no such account. Check its name and the url.")
    head = _read_head(reader, page)
    parts = post_parts(profile, page, url)
    if not parts and not (may_be_empty or "posts" in may_lack or _says_empty(profile, page, head)):
        if head is None and (barrier := _find_barrier(page)) is not None:
            raise SourceRefused(
                f"{url} shows {barrier} in place of the posts, so the site refuses access at present. Open the address"
                " in a browser. Raise delay_seconds, or ask the site's owner, before you run again."
            )
        raise profile.layout_changed(url, "list.post", with_troubles("no post", page))
    posts = PostReader(reader, may_lack).read_all(parts)
    return Page(
        url=url,
        observed_at=observed_at,
        account=account,
        head=head,
        posts=posts,
        next_url=None,
        problems=reader.problems,
        unparsed=tuple(reader.unparsed),
    )


def check_head(profile: Profile, page: Page) -> Page:
    """Add a problem to an account's first page if it shows nothing of the account itself."""
    if page.head is not None:
        return page
    problem = f"{page.url}: head.present ({profile.head.present}) finds nothing of the account"
    return replace(page, problems=(*page.problems, problem))


def post_parts(profile: Profile, page: Part, url: str) -> list[Part]:
    """Return each post's part of the page, with the post's entry in the page's JSON."""
    selector = profile.list.post
    try:
        found = selector.find(page)
    except ValueError as error:
        raise profile.layout_changed(url, "list.post", f"nothing: {error}") from error
    if selector.in_json:
        return [Part(None, data) for data in found]
    entries = _entries_by_id(profile, page, url)
    parts = [Part(element) for element in found if not isinstance(element, str | float)]
    if entries:
        for part in parts:
            part.data = entries.get(_post_id(profile, part))
    return parts


def with_troubles(found: str, page: Part) -> str:
    """What a selector found, and what could not be read of the page."""
    return f"{found} ({'; '.join(page.troubles)})" if page.troubles else found


def _read_head(reader: FieldReader, page: Part) -> AccountInfo | None:
    """Read the account's description; None if the page has none."""
    if not reader.matches("head.present", page):
        return None
    counts = {key: reader.count(f"head.{key}", page) for key in ("followers", "following", "posts")}
    known = {key: count for key, count in counts.items() if count is not None}
    values: dict[str, Any] = {key: count.value for key, count in known.items()}
    return AccountInfo(
        name=reader.name("head.account", page),
        posts_least=known["posts"].least if "posts" in known else None,
        rounded=any(count.rounded for count in known.values()),
        **values,
    )


def _entries_by_id(profile: Profile, page: Part, url: str) -> dict[str, Any]:
    """The entries in the page's JSON by the ids of their posts."""
    by_id: dict[str, Any] = {}
    try:
        for entry in profile.list.entries.find(page) if profile.list.entries else []:
            if profile.list.entry_id is not None:
                by_id[str(profile.list.entry_id.first(Part(None, entry)))] = entry
            elif isinstance(entry, dict):
                by_id.update(entry)
    except ValueError as error:
        raise profile.layout_changed(url, "list.entries", f"nothing: {error}") from error
    return by_id


def _post_id(profile: Profile, part: Part) -> str:
    try:
        return str(profile.post.id.first(part))
    except ValueError:  # reported when the post is read
        return ""


def _says_empty(profile: Profile, page: Part, head: AccountInfo | None) -> bool:
    """Whether the page says that the account has no posts: its count is 0, or its array is empty."""
    if head is not None and head.posts == 0:
        return True
    return profile.list.post.in_json and profile.list.post.finds_empty_array(page)


def _find_barrier(page: Part) -> str | None:
    """The login form or robot check that the site shows instead of the page; None if there is none.

    Only for pages without account and posts: ordinary pages have login forms too.
    """
    if page.element is None:
        return None
    if _ROBOT_CHECK.search(etree.tostring(page.element, encoding="unicode")):
        return "a check for robots (captcha)"
    if page.element.xpath("//input[@type='password']"):
        return "a login form"
    return None
