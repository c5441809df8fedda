"""What a profile finds on one page, field by field: what `likelens profile check` shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from urllib.parse import urlsplit

from tasks.errors import StageError
from tasks.scrape.gallery.addresses import absolute, base_url, filled, same_site
from tasks.scrape.gallery.advertisements import is_advertisement
from tasks.scrape.gallery.detail import read_detail_page
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.extract import post_parts, read_page
from tasks.scrape.gallery.fields import FieldReader, as_count, as_name, as_text
from tasks.scrape.gallery.pager import Account, next_pages
from tasks.scrape.gallery.profile import Profile
from tasks.scrape.gallery.saved import UNKNOWN_URL
from tasks.scrape.gallery.selector_types import AddressPlace, Part, Place, Table, Value
from tasks.scrape.gallery.thread import comment_parts
from tasks.scrape.pages import ScrapedPost
from tasks.scrape.values.counts import Count

MAX_EXAMPLES = 3
MAX_EXAMPLE = 60
MARKS = ("present", "private", "unknown", "video", "hidden", "pinned", "advertisement")
"""Keys that only say whether something stands there."""
ALWAYS = ("id", "url", "posted_at", "picture")
"""Keys that every post of a list has."""
_READERS: dict[str, Callable[[Value], object]] = {
    **dict.fromkeys(("likes", "comments", "posts", "followers", "following"), as_count),
    **dict.fromkeys(("caption", "text"), as_text),
    **dict.fromkeys(("id", "account", "place", "author", "parent"), as_name),
}
_NOT_VALUES = ("post", "next", "numbered", "entries", "entry_id", "comment", "replies")


@dataclass(frozen=True, slots=True)
class CheckedField:
    """One key of a profile: in how many of its parts it was found, what was read, and what is wrong.

    `place` is empty where the profile does not have the key. `trouble` is empty where all is well.
    """

    key: str
    place: str
    found: int
    of: int
    examples: tuple[str, ...] = ()
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a profile finds on a page, which is a `list` of posts or one `post`.

    `error` is why the page could not be used at all, `problems` what a run would tell of it.
    """

    kind: str
    url: str
    fields: tuple[CheckedField, ...]
    problems: tuple[str, ...] = ()
    error: str = ""

    @property
    def is_good(self) -> bool:
        """Whether nothing is missing."""
        return not (self.error or self.problems or any(field.trouble for field in self.fields))


def check_page(profile: Profile, text: str, url: str, *, is_post: bool | None = None) -> Checked:
    """Read a page with a profile. `is_post` None: see what it is. Whatever is wrong is told in what is returned."""
    if is_post is None:
        is_post = _is_post(profile, open_page(profile.state, text))
    return _check_post(profile, text, url) if is_post else _check_list(profile, text, url)


def _is_post(profile: Profile, page: Part) -> bool:
    """Whether the page has no list of posts, and something that stands on a post's own page."""
    comments = [profile.comments.comment] if profile.comments is not None else []
    on_post = [*comments, *(place for _, place in profile.detail if place is not None)]
    return not _found(profile.list.post, page) and any(_found(place, page) for place in on_post)


def _check_list(profile: Profile, text: str, url: str) -> Checked:
    page, account = open_page(profile.state, text), _account(profile, url)
    error, problems = "", page.troubles
    try:
        read = read_page(profile, page, url, account.name, datetime.now(UTC))
        problems = read.problems
        parts = post_parts(profile, page, url)
    except StageError as why:
        error, parts = str(why), post_parts(profile, page, url) if _found(profile.list.post, page) else []
    reader = FieldReader(profile, url, account.name, page.base)
    parts = [part for part in parts if not _is_advertisement(reader, part)]
    check = _Check(profile, url, account.name, page.base)
    pager = _pager(profile, page, url, account)
    if not pager.found and not pager.trouble and _more_posts(check, page, url, len(parts)):
        pager = replace(pager, trouble="missing: the account counts more posts than this page shows")
    listed = CheckedField(
        "list.post",
        str(profile.list.post),
        len(parts),
        len(parts),
        trouble="" if parts or not error else "missing",
    )
    fields = [*_state(profile, page), *check.table("head", profile.head, [page]), listed, pager]
    return Checked("list", url, (*fields, *check.table("post", profile.post, parts)), problems, error)


def _check_post(profile: Profile, text: str, url: str) -> Checked:
    account = _account(profile, url).name
    error = ""
    problems: tuple[str, ...] = ()
    try:
        detail = read_detail_page(
            profile, open_page(profile.state, text), url, account, ScrapedPost("of this page", url, "image")
        )
        problems = detail.problems
    except StageError as why:
        error = str(why)
    page = open_page(profile.state, text)
    check = _Check(profile, url, account, page.base)
    fields = [*_state(profile, page), *check.table("detail", profile.detail, [page])]
    if profile.comments is not None:
        reader = FieldReader(profile, url, account)
        parts = comment_parts(reader, page) if _found(profile.comments.comment, page) else []
        trouble = "" if parts else "missing"
        fields.append(
            CheckedField(
                "comments.comment", str(profile.comments.comment), len(parts), len(parts), (), trouble
            )
        )
        fields += check.table("comments", profile.comments, parts)
        fields.append(check.field("comments.next", "next", profile.comments.next, [page], profile.comments))
    return Checked("post", url, tuple(fields), problems, error)


class _Check:
    """Checks the keys of a profile's tables."""

    def __init__(self, profile: Profile, url: str, account: str, base: str | None) -> None:
        self.profile = profile
        self.url = url
        self.base = base
        reads_posts = profile.detail.tells_more or profile.comments is not None
        self._requests_posts = reads_posts and not url.startswith(UNKNOWN_URL)
        self.account = account

    def table(self, name: str, table: Table, parts: Sequence[Part]) -> Iterator[CheckedField]:
        """Each key of a table, in parts of which each should have it."""
        for key, place in table:
            if key not in _NOT_VALUES:
                yield self.field(f"{name}.{key}", key, place, parts, table)

    def field(
        self, name: str, key: str, place: Place | None, parts: Sequence[Part], table: Table
    ) -> CheckedField:
        """One key, in parts of which each should have it."""
        if place is None:
            return CheckedField(name, "", 0, len(parts))
        if key in MARKS:
            found = sum(_is_there(place, part) for part in parts)
            trouble = "missing" if key == "present" and parts and not found else ""
            return CheckedField(name, str(place), found, len(parts), (), trouble)
        read, unread = self._values(key, place, parts)
        found = sum(1 for values in read if values)
        examples = dict.fromkeys(_shown(value) for values in read for value in values)
        lacking = sum(
            1 for part, values in zip(parts, read, strict=True) if not values and _should(key, table, part)
        )
        trouble = f"not read: {unread[0]}" if unread else ""
        if parts and not found and not unread and lacking:
            trouble = "missing"
        elif lacking and key in ALWAYS and table is self.profile.post and not unread:
            trouble = f"missing in {lacking}"
        return CheckedField(name, str(place), found, len(parts), tuple(examples)[:MAX_EXAMPLES], trouble)

    def _values(self, key: str, place: Place, parts: Sequence[Part]) -> tuple[list[list[object]], list[str]]:
        """What is read in each part, and why the rest is not."""
        parse = self._reader(key, place)
        read: list[list[object]] = []
        unread: list[str] = []
        for part in parts:
            values: list[object] = []
            try:
                look = place.first_shown if key in ("caption", "text") else place.first
                first = None if key == "picture" else look(part)
                for value in place.values(part) if key == "picture" else [] if first is None else [first]:
                    values.append(parse(value))  # noqa: PERF401 - what was read before an error counts
            except ValueError as error:
                unread.append(str(error))
            read.append(values)
        return read, unread

    def _reader(self, key: str, place: Place) -> Callable[[Value], object]:
        if key == "posted_at":
            return self.profile.read_date
        if isinstance(place, AddressPlace):
            return lambda value: self._address(key, place, value)
        return _READERS[key]

    def _address(self, key: str, place: AddressPlace, value: Value) -> str:
        text = as_text(value)
        if place.template is not None:
            text = filled(place.template, account=self.account, value=text)
        address = absolute(base_url(self.url, self.base, place.template), text)
        if key == "url" and self._requests_posts and same_site(self.url, self.url, address) is None:
            raise ValueError(f"{address[:120]} leads away from the site, so a run can't read the post's page")
        return address


def _is_advertisement(reader: FieldReader, part: Part) -> bool:
    """Whether a run passes a part of the list over."""
    return reader.read("post.id", reader.profile.post.id, part, as_name) is None and is_advertisement(
        reader, part
    )


def _should(key: str, table: Table, part: Part) -> bool:
    """Whether a part should have the key: a video has no picture, likes may be hidden, a last page has no next."""
    if key == "next":
        return False
    excuse = {"picture": "video", "likes": "hidden"}.get(key)
    place = getattr(table, excuse, None) if excuse else None
    return place is None or not _is_there(place, part)


def _state(profile: Profile, page: Part) -> Iterator[CheckedField]:
    """Whether the page's JSON was found, where the profile says that it has some."""
    if profile.state is not None:
        there = page.data is not None
        trouble = "; ".join(page.troubles) or ("" if there else "missing")
        yield CheckedField("state", str(profile.state), int(there), 1, (), trouble)


def _pager(profile: Profile, page: Part, url: str, account: Account) -> CheckedField:
    numbered = profile.list.numbered
    name, place = (
        ("list.next", str(profile.list.next)) if numbered is None else ("list.numbered", numbered.address)
    )
    try:
        links = next_pages(profile, page, url, account)
    except StageError as error:
        return CheckedField(name, place, 0, 1, (), str(error))
    return CheckedField(name, place, min(1, len(links)), 1, tuple(links[:MAX_EXAMPLES]))


def _more_posts(check: _Check, page: Part, url: str, shown: int) -> bool:
    """Whether this is an account's first page, and the account counts more posts than it shows."""
    profile, parts = check.profile, urlsplit(url)
    count = FieldReader(profile, url).count("head.posts", profile.head.posts, page)
    is_first = re.match(profile.account, parts.path) is not None and not parts.query
    return is_first and count is not None and count.least > shown


def _account(profile: Profile, url: str) -> Account:
    found = re.match(profile.account, urlsplit(url).path)
    return Account(found["account"] if found else "account", url)


def _found(place: Place, page: Part) -> bool:
    try:
        return bool(place.find(page))
    except ValueError:
        return False


def _is_there(place: Place, part: Part) -> bool:
    try:
        return place.is_there(part)
    except ValueError:
        return False


def _shown(value: object) -> str:
    if isinstance(value, Count):
        return f"{value.value} (rounded)" if value.rounded else str(value.value)
    text = f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else " ".join(str(value).split())
    return text if len(text) <= MAX_EXAMPLE else text[: MAX_EXAMPLE - 1] + "…"
