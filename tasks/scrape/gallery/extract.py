"""From a gallery's page to its posts: plain functions over a parsed page; nothing here asks a server.

A field that one post lacks or garbles is null, and a problem that says so. A field that no post of a
page has, though every page has it, means that the page no longer fits the profile: `LayoutChanged`
names its selector, and nothing of the page is used.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from parsel import Selector

from tasks.errors import AccountPrivate, LayoutChanged
from tasks.scrape.counts import Count, parse_count
from tasks.scrape.gallery.profile import Place, Profile
from tasks.scrape.pages import Head, Page, ScrapedPost

Value = TypeVar("Value")
USUAL = ("posted_at", "likes", "comments")
"""Fields that some post of a page has, or else the layout has changed."""
ENOUGH_POSTS = 5
"""From this many posts on, a field that all of them lack is no accident."""


def read_page(
    profile: Profile,
    page: Selector,
    url: str,
    account: str,
    observed_at: datetime,
    *,
    may_be_empty: bool = False,
) -> Page:
    """The posts on one page of `account`, as they were at `observed_at`.

    `may_be_empty`: the pages before it have shown all posts that the account counts; where their number
    fills the last page, a pager often leads to one without any.

    Raises `AccountPrivate` when the page says so, and `LayoutChanged`, naming the selector, when the
    page does not fit the profile.
    """
    if profile.head.private is not None and profile.head.private.find(page):
        raise AccountPrivate(f"The account at {url} is private: its posts are shown to its followers only.")
    reader = _Reader(profile, url)
    head = reader.head(page)
    blocks = profile.list.post.find(page)
    if not (blocks or may_be_empty) and (head is None or head.posts != 0):
        raise LayoutChanged(_misfit(profile, url, "list.post", profile.list.post, "no post"))
    posts = [post for block in blocks if (post := reader.post(block)) is not None]
    reader.check_usual(posts, len(blocks))
    return Page(
        url=url,
        observed_at=observed_at,
        account=account,
        head=head,
        posts=tuple(posts),
        next_url=None,
        problems=tuple(reader.problems),
    )


def next_pages(profile: Profile, page: Selector, url: str) -> list[str]:
    """Addresses that the pager leads to. Raises `LayoutChanged` when one is on another host."""
    place = profile.list.next
    values = [value for found in place.find(page) if (value := _value(place, found)) is not None]
    links = []
    for value in values:
        link = _same_site(url, value)
        if link is None:
            what = f"a link away from the site ({value[:120]})"
            raise LayoutChanged(_misfit(profile, url, "list.next", place, what))
        if link != url and not value.startswith("#"):
            links.append(link)
    return links


def check_head(profile: Profile, page: Page) -> Page:
    """The first page of an account; where it shows nothing of the account itself, with that as a problem."""
    if page.head is not None:
        return page
    problem = f"{page.url}: head.present ({profile.head.present}) finds nothing of the account"
    return replace(page, problems=(*page.problems, problem))


class _Reader:
    def __init__(self, profile: Profile, url: str) -> None:
        self.profile = profile
        self.url = url
        self.problems: list[str] = []
        self.unreadable: dict[str, str] = {}
        self.left_out = ("post.id", profile.post.id)

    def head(self, page: Selector) -> Head | None:
        places = self.profile.head
        if not places.present.find(page):
            return None
        posts = self._read("head.posts", places.posts, page, parse_count)
        return Head(
            followers=_number(self._read("head.followers", places.followers, page, parse_count)),
            following=_number(self._read("head.following", places.following, page, parse_count)),
            posts=_number(posts),
            posts_least=None if posts is None else posts.least,
        )

    def post(self, block: Selector) -> ScrapedPost | None:
        places = self.profile.post
        post_id = self._read("post.id", places.id, block, str)
        url = self._read("post.url", places.url, block, self._absolute)
        if post_id is None or url is None:
            lacks, place = ("post.id", places.id) if post_id is None else ("post.url", places.url)
            self.problems.append(f"{self.url}: a post without {lacks} ({place}) was left out")
            self.left_out = lacks, place
            return None
        is_video = bool(places.video.find(block))
        pictures = () if is_video else self._pictures(block)
        if not pictures and not is_video:
            self.problems.append(f"post {post_id}: post.picture ({places.picture}) finds no picture")
        if not places.posted_at.find(block):
            self.problems.append(f"post {post_id}: post.posted_at ({places.posted_at}) finds no date")
        return ScrapedPost(
            post_id=post_id,
            url=url,
            kind="video" if is_video else "carousel" if len(pictures) > 1 else "image",
            posted_at=self._read("post.posted_at", places.posted_at, block, self._date),
            caption=self._read("post.caption", places.caption, block, str),
            place=self._read("post.place", places.place, block, str),
            pinned=None if places.pinned is None else bool(places.pinned.find(block)),
            likes=_number(self._read("post.likes", places.likes, block, parse_count)),
            comments=_number(self._read("post.comments", places.comments, block, parse_count)),
            pictures=pictures,
        )

    def check_usual(self, posts: list[ScrapedPost], blocks: int) -> None:
        """Raise `LayoutChanged` where what every page has is nowhere on this one."""
        places = self.profile.post
        if blocks and not posts:
            raise LayoutChanged(_misfit(self.profile, self.url, *self.left_out, "nothing in any post"))
        shown = [post for post in posts if post.kind != "video"]
        if shown and not any(post.pictures for post in shown):
            raise LayoutChanged(
                _misfit(self.profile, self.url, "post.picture", places.picture, "nothing in any post")
            )
        for name in USUAL:
            place: Place | None = getattr(places, name)
            if place and len(posts) >= ENOUGH_POSTS and all(getattr(post, name) is None for post in posts):
                what = "nothing that can be read in any post"
                if f"post.{name}" in self.unreadable:
                    what += f" ({self.unreadable[f'post.{name}']})"
                raise LayoutChanged(_misfit(self.profile, self.url, f"post.{name}", place, what))

    def _pictures(self, block: Selector) -> tuple[str, ...]:
        place = self.profile.post.picture
        pictures = []
        for value in (_value(place, found) for found in place.find(block)):
            try:
                pictures += [] if value is None else [self._absolute(value)]
            except ValueError as error:
                self.problems.append(f"{self.url}: post.picture ({place}): {error}")
        return tuple(pictures)

    def _read(
        self, name: str, place: Place | None, selector: Selector, parse: Callable[[str], Value]
    ) -> Value | None:
        if place is None:
            return None
        text = next((v for found in place.find(selector) if (v := _value(place, found)) is not None), None)
        if text is None:
            return None
        try:
            return parse(text)
        except ValueError as error:
            self.problems.append(f"{self.url}: {name} ({place}): {error}")
            self.unreadable.setdefault(name, str(error))
            return None

    def _absolute(self, address: str) -> str:
        absolute = urljoin(self.url, address)
        if urlsplit(absolute).scheme not in ("http", "https"):
            raise ValueError(f"{absolute[:80]!r} is not a web address")
        return absolute

    def _date(self, text: str) -> datetime:
        plain = " ".join(text.split())
        for form in self.profile.dates:
            try:
                read = datetime.strptime(plain, form)  # noqa: DTZ007 (a form may have its own zone)
            except ValueError:
                continue
            return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
        raise ValueError(f"{plain[:40]!r} fits none of the profile's dates")


def _same_site(url: str, address: str) -> str | None:
    """The absolute address where it is on the site of `url` (https may follow http), else None."""
    try:
        link = urljoin(url, address)
        here, there = urlsplit(url), urlsplit(link)
    except ValueError:
        return None
    same = there.netloc.lower() == here.netloc.lower() and there.scheme in (here.scheme, "https")
    return link if same else None


def _value(place: Place, found: Selector) -> str | None:
    """Text or attribute of one element, without what surrounds it; None when it is empty."""
    if isinstance(found.root, str):  # the selector itself names an attribute or a text
        value = found.root.strip()
    elif place.attribute is not None:
        value = found.attrib.get(place.attribute, "").strip()
    else:
        parts = found.xpath("descendant-or-self::text() | descendant::br")
        value = "".join(part.root if isinstance(part.root, str) else "\n" for part in parts).strip()
    if place.pattern is not None:
        match = re.search(place.pattern, value)
        value = match[1] if match else ""
    return value or None


def _number(count: Count | None) -> int | None:
    return None if count is None else count.value


def _misfit(profile: Profile, url: str, name: str, place: Place, what: str) -> str:
    return (
        f"The page {url} no longer fits the profile {profile.name}: its selector {name} ({place}) finds {what}."
        " Nothing of it was stored. If the site has changed, mend that selector in a profile of your own"
        " (see docs/gallery-profiles.md)."
    )
