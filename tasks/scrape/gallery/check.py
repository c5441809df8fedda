"""Check what a profile finds on one page, key by key; `likelens profile check` shows the result."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from tasks.errors import StageError
from tasks.scrape.gallery.addresses import same_site
from tasks.scrape.gallery.advertisements import is_advertisement
from tasks.scrape.gallery.detail import read_detail_page
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.extract import post_parts, read_page
from tasks.scrape.gallery.fields import FieldReader
from tasks.scrape.gallery.identity import AccountPages
from tasks.scrape.gallery.pager import next_pages
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.saved import UNKNOWN_URL
from tasks.scrape.gallery.selector_types import Part, Selector
from tasks.scrape.gallery.thread import comment_parts
from tasks.scrape.pages import ScrapedPost
from tasks.scrape.values.counts import Count

MAX_EXAMPLES = 3
MAX_EXAMPLE_CHARACTERS = 60
MARKS = ("present", "private", "unknown", "video", "hidden", "pinned", "advertisement")
"""Keys without a value: they match or do not match."""
REQUIRED_IN_LIST = ("post.id", "post.url", "post.posted_at", "post.picture")
"""Keys that every post of a list has."""
_READERS: dict[str, Callable[[FieldReader, str, Part], Any]] = {
    **dict.fromkeys(("likes", "comments", "posts", "followers", "following"), FieldReader.count),
    **dict.fromkeys(("caption", "text"), FieldReader.text),
    **dict.fromkeys(("id", "account", "place", "author", "parent"), FieldReader.name),
    **dict.fromkeys(("url", "next"), FieldReader.address),
    "posted_at": FieldReader.date,
    "picture": FieldReader.addresses,
}
_NOT_VALUES = ("post", "next", "numbered", "entries", "entry_id", "comment", "replies")


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """One key of a profile: in how many parts it was found, what was read, and what is wrong.

    `place` is the selector, empty if the profile does not have the key. `trouble` is empty if nothing is wrong.
    The command prints this class as JSON.
    """

    key: str
    place: str
    found: int
    of: int
    examples: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class PageCheck:
    """What a profile finds on a page, whose `kind` is `list` or `post`.

    `error` is why a run would refuse the page; `problems` are what a run would report. The command prints this
    class as JSON.
    """

    kind: str
    url: str
    fields: tuple[FieldCheck, ...]
    problems: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing is missing."""
        return not (self.error or self.problems or any(field.trouble for field in self.fields))


def check_page(profile: Profile, text: str, url: str, *, is_post: bool | None = None) -> PageCheck:
    """Check a page. If `is_post` is None, detect the kind of page. Errors of the page are part of the result."""
    if is_post is None:
        is_post = _is_post_page(profile, open_page(profile.state, text))
    return _check_post_page(profile, text, url) if is_post else _check_list_page(profile, text, url)


def _is_post_page(profile: Profile, page: Part) -> bool:
    """Whether the page has no list of posts, and something that only a post page has."""
    comments = [profile.comments.comment] if profile.comments is not None else []
    on_post = [*comments, *(selector for _, selector in profile.detail if selector is not None)]
    return not _finds(profile.list.post, page) and any(_finds(selector, page) for selector in on_post)


def _check_list_page(profile: Profile, text: str, url: str) -> PageCheck:
    page, account = open_page(profile.state, text), _account(profile, url)
    error, problems = "", page.troubles
    parts: list[Part] = []
    try:
        problems = read_page(profile, page, url, account.account, datetime.now(UTC)).problems
    except StageError as why:
        error = str(why)
    with suppress(StageError):  # it is the error already
        parts = post_parts(profile, page, url)
    reader = FieldReader(profile, page, url, account.account)
    parts = [part for part in parts if reader.name("post.id", part) or not is_advertisement(reader, part)]
    checker = _Checker(reader)
    pager = _check_pager(account, page, url)
    if not pager.found and not pager.trouble and _counts_more_posts(profile, page, url, len(parts)):
        pager = replace(pager, trouble="missing: the account counts more posts than this page shows")
    posts = _check_parts("list.post", profile.list.post, len(parts), missing=not parts and bool(error))
    fields = [*_check_state(profile, page), *checker.table("head", [page]), posts, pager]
    return PageCheck("list", url, (*fields, *checker.table("post", parts)), problems, error)


def _check_post_page(profile: Profile, text: str, url: str) -> PageCheck:
    account = _account(profile, url).account
    error = ""
    problems: tuple[str, ...] = ()
    try:
        post = ScrapedPost("of this page", url, "image")
        problems = read_detail_page(profile, open_page(profile.state, text), url, account, post).problems
    except StageError as why:
        error = str(why)
    page = open_page(profile.state, text)
    checker = _Checker(FieldReader(profile, page, url, account))
    fields = [*_check_state(profile, page), *checker.table("detail", [page])]
    if (comments := profile.comments) is not None:
        parts: list[Part] = []
        with suppress(StageError):  # it is the error already
            parts = comment_parts(checker.reader, page)
        fields.append(_check_parts("comments.comment", comments.comment, len(parts), missing=not parts))
        fields += checker.table("comments", parts)
        fields.append(checker.field("comments.next", [page]))
    return PageCheck("post", url, tuple(fields), problems, error)


class _Checker:
    """Checks the keys of a profile's tables on a page, with the reader that a run uses."""

    def __init__(self, reader: FieldReader) -> None:
        self.reader = reader
        profile = reader.profile
        reads_post_pages = profile.detail.has_fields or profile.comments is not None
        self._requests_posts = reads_post_pages and not reader.url.startswith(UNKNOWN_URL)

    def table(self, table: str, parts: Sequence[Part]) -> Iterator[FieldCheck]:
        """Check each key of a table in the parts of the page, each of which should have it."""
        for key, _ in getattr(self.reader.profile, table):
            if key not in _NOT_VALUES:
                yield self.field(f"{table}.{key}", parts)

    def field(self, name: str, parts: Sequence[Part]) -> FieldCheck:
        """Check one key, such as `post.likes`, in the parts of the page, each of which should have it."""
        reader, key = self.reader, name.partition(".")[2]
        selector = reader.selectors.get(name)
        if selector is None:
            return FieldCheck(name, "", 0, len(parts))
        if key in MARKS:
            found = sum(reader.matches(name, part) for part in parts)
            trouble = "missing" if key == "present" and parts and not found else ""
            return FieldCheck(name, str(selector), found, len(parts), (), trouble)
        read = [self._values(name, part) for part in parts]
        found = sum(1 for values in read if values)
        examples = dict.fromkeys(_shown(value) for values in read for value in values)
        pairs = zip(parts, read, strict=True)
        missing = sum(not values and not self._may_lack(name, part) for part, values in pairs)
        trouble = ""
        if name in reader.unreadable:
            trouble = f"not read: {reader.unreadable[name]}"
        elif missing and not found:
            trouble = "missing"
        elif missing and name in REQUIRED_IN_LIST:
            trouble = f"missing in {missing}"
        return FieldCheck(name, str(selector), found, len(parts), tuple(examples)[:MAX_EXAMPLES], trouble)

    def _values(self, name: str, part: Part) -> list[object]:
        """The values of a key in a part, without an address that a run can't request."""
        reader = self.reader
        read = _READERS[name.partition(".")[2]](reader, name, part)
        if (
            name == "post.url"
            and read
            and self._requests_posts
            and not same_site(reader.url, reader.url, read)
        ):
            reason = f"{read[:120]} leads away from the site, so a run can't read the post page"
            reader.unreadable.setdefault(name, reason)
            return []
        return [value for value in (read if isinstance(read, tuple) else [read]) if value is not None]

    def _may_lack(self, name: str, part: Part) -> bool:
        """Whether a part may lack the key: a video has no picture, likes may be hidden, a last page has no next."""
        table, _, key = name.partition(".")
        mark = {"picture": "video", "likes": "hidden"}.get(key)
        return key == "next" or self.reader.matches(f"{table}.{mark}", part)


def _check_parts(name: str, selector: Selector, count: int, *, missing: bool) -> FieldCheck:
    return FieldCheck(name, str(selector), count, count, (), "missing" if missing else "")


def _check_state(profile: Profile, page: Part) -> Iterator[FieldCheck]:
    """Whether the page's JSON was found, if the profile has `[state]`."""
    if profile.state is not None:
        found = page.data is not None
        trouble = "; ".join(page.troubles) or ("" if found else "missing")
        yield FieldCheck("state", str(profile.state), int(found), 1, (), trouble)


def _check_pager(account: AccountPages, page: Part, url: str) -> FieldCheck:
    pages = account.profile.list
    name, selector = (
        ("list.next", str(pages.next))
        if pages.numbered is None
        else ("list.numbered", pages.numbered.address)
    )
    try:
        links = next_pages(account, page, url)
    except StageError as error:
        return FieldCheck(name, selector, 0, 1, (), str(error))
    return FieldCheck(name, selector, min(1, len(links)), 1, tuple(links[:MAX_EXAMPLES]))


def _counts_more_posts(profile: Profile, page: Part, url: str, shown: int) -> bool:
    """Whether this is an account's first page, and the account counts more posts than it shows."""
    parts = urlsplit(url)
    count = FieldReader(profile, page, url).count("head.posts", page)
    is_first = re.match(profile.account, parts.path) is not None and not parts.query
    return is_first and count is not None and count.least > shown


def _account(profile: Profile, url: str) -> AccountPages:
    found = re.match(profile.account, urlsplit(url).path)
    return AccountPages(profile, found["account"] if found else "account", url)


def _finds(selector: Selector, page: Part) -> bool:
    try:
        return bool(selector.find(page))
    except ValueError:
        return False


def _shown(value: object) -> str:
    if isinstance(value, Count):
        return f"{value.value} (rounded)" if value.rounded else str(value.value)
    text = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else " ".join(str(value).split())
    return text if len(text) <= MAX_EXAMPLE_CHARACTERS else text[: MAX_EXAMPLE_CHARACTERS - 1] + "…"
