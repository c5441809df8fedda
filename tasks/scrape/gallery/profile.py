"""Gallery profiles: a site's pages described as data.

A profile is a TOML file of selectors and patterns; those in `profiles/` are examples to copy. To add a site, add a
file there, or set `profile` in the settings to a file of your own. No code is necessary.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, ValidationError, model_validator

from tasks.errors import BadProfile, LayoutChanged
from tasks.scrape.gallery.dates import DateForm, date_reader
from tasks.scrape.gallery.embedded_json import EmbeddedJsonSelector
from tasks.scrape.gallery.numbered import NumberedPages
from tasks.scrape.gallery.selector_types import AddressSelector, Pattern, Selector, Table


def _check_account_pattern(pattern: str) -> str:
    if "account" not in re.compile(pattern).groupindex:
        raise ValueError("the pattern has no group (?P<account>…) around the account's name")
    return pattern


def _check_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{name!r} is not a time zone such as Europe/Berlin") from error
    return name


AccountPattern = Annotated[Pattern, AfterValidator(_check_account_pattern)]
Zone = Annotated[str, AfterValidator(_check_zone)]
_PROFILES = resources.files("tasks.scrape.gallery") / "profiles"
REQUIRED_KEYS = ("posted_at", "picture", "likes")
"""Keys that every profile has in `[post]` or in `[detail]`."""


class HeadSelectors(Table):
    """The account's own part of the page. `account` is its name, as in the address of its page."""

    present: Selector
    account: Selector | None = None
    followers: Selector | None = None
    following: Selector | None = None
    posts: Selector | None = None
    private: Selector | None = None
    unknown: Selector | None = None


class ListSelectors(Table):
    """A page of posts: one element or JSON object for each post, and the link to the next page.

    `entries` are JSON objects with more fields of the posts: keyed by the posts' ids, or each with an `entry_id`.
    """

    post: Selector
    next: AddressSelector | None = None
    numbered: NumberedPages | None = None
    entries: Selector | None = None
    entry_id: Selector | None = None

    @model_validator(mode="after")
    def _check_keys(self) -> ListSelectors:
        if (self.next is None) == (self.numbered is None):
            raise ValueError("give either next or numbered")
        if self.entries is not None and (self.post.in_json or not self.entries.in_json):
            raise ValueError("entries requires json, and posts with css or xpath")
        return self


class PostSelectors(Table):
    """One post, inside its element or JSON object of the list. `advertisement` matches parts that are not posts."""

    id: Selector
    url: AddressSelector
    posted_at: Selector | None = None
    picture: AddressSelector | None = None
    video: Selector | None = None
    caption: Selector | None = None
    place: Selector | None = None
    likes: Selector | None = None
    comments: Selector | None = None
    hidden: Selector | None = None
    pinned: Selector | None = None
    advertisement: Selector | None = None


class DetailSelectors(Table):
    """A post page: fields that the list does not have, or has in a worse form."""

    present: Selector | None = None
    posted_at: Selector | None = None
    picture: AddressSelector | None = None
    video: Selector | None = None
    caption: Selector | None = None
    place: Selector | None = None
    likes: Selector | None = None
    comments: Selector | None = None
    hidden: Selector | None = None

    @property
    def has_fields(self) -> bool:
        """Whether fields of the post are read from its page."""
        return any(selector is not None for key, selector in self if key != "present")


class CommentSelectors(Table):
    """Comments on a post page. A comment inside another one, or in its `replies`, is a reply to it."""

    comment: Selector
    id: Selector | None = None
    author: Selector | None = None
    text: Selector
    posted_at: Selector | None = None
    likes: Selector | None = None
    parent: Selector | None = None
    replies: Selector | None = None
    next: AddressSelector | None = None

    @model_validator(mode="after")
    def _check_replies(self) -> CommentSelectors:
        if self.replies is not None and not (self.comment.in_json and self.replies.in_json):
            raise ValueError(
                "replies requires json, and comments with json; in elements, nesting shows the replies"
            )
        return self


class Profile(Table):
    """A gallery site. `account` is a pattern for the path of an account's page, with a group `account`."""

    name: str
    account: AccountPattern
    dates: tuple[DateForm, ...] = Field(min_length=1)
    zone: Zone = "UTC"
    months: tuple[str, ...] = ()
    state: EmbeddedJsonSelector | None = None
    head: HeadSelectors
    list: ListSelectors
    post: PostSelectors
    detail: DetailSelectors = DetailSelectors()
    comments: CommentSelectors | None = None

    @model_validator(mode="after")
    def _check_tables(self) -> Profile:
        errors = [*self._missing_keys(), *self._misplaced_selectors()]
        if len(self.months) not in (0, 12):
            errors.append("months: give the names of all twelve months, in order")
        if errors:
            raise ValueError("; ".join(errors))
        return self

    def _missing_keys(self) -> Iterator[str]:
        for key in REQUIRED_KEYS:
            if getattr(self.post, key) is None and getattr(self.detail, key) is None:
                yield f"post.{key}: it is required here or in [detail]"

    def _misplaced_selectors(self) -> Iterator[str]:
        """Selectors that can't find anything in their part of the page."""
        has_data = self.list.post.in_json or self.list.entries is not None
        yield from _misplaced_in("post", self.post, elements=not self.list.post.in_json, data=has_data)
        if (comments := self.comments) is not None:
            in_json = comments.comment.in_json
            inside = CommentSelectors.model_construct(**{**dict(comments), "comment": None, "next": None})
            yield from _misplaced_in("comments", inside, elements=not in_json, data=in_json)
        if self.state is None:
            of_page = (("head", self.head), ("list", self.list), ("detail", self.detail))
            selectors = [(f"{name}.{key}", selector) for name, table in of_page for key, selector in table]
            if comments is not None:
                selectors += [("comments.comment", comments.comment), ("comments.next", comments.next)]
            for name, selector in selectors:
                if isinstance(selector, Selector) and selector.in_json and name != "list.entry_id":
                    yield f"{name}: json without css or xpath searches the page's JSON, so [state] is required"

    @cached_property
    def read_date(self) -> Callable[[object], datetime]:
        """Reads a date of the site; raises `ValueError` if none of its forms fits."""
        return date_reader(self.dates, ZoneInfo(self.zone), self.months)

    def account_of(self, path: str) -> str:
        """Return the account whose page has this path. Raises `BadProfile` if it is not an account's path."""
        found = re.match(self.account, path)
        if found is None:
            raise BadProfile(
                f"The path {path} is not an account's page of the gallery {self.name}: it must match"
                f" {self.account}. It may be a post page. Set url to the account's first page."
            )
        return found["account"]

    def layout_changed(
        self, url: str, key: str, result: str, hint: str = "", selector: object = None
    ) -> LayoutChanged:
        """Make the error for a page on which the selector of `key` finds `result`; `hint` ends the message."""
        table, _, name = key.partition(".")
        shown = selector or getattr(getattr(self, table), name)
        return LayoutChanged(
            f"The page {url} no longer fits the profile {self.name}: its selector {key} ({shown}) finds {result}."
            " Nothing of it was stored. If the site has changed, fix that selector in a profile of your own"
            f" (see docs/gallery-profiles.md).{hint}"
        )


def _misplaced_in(table_name: str, table: Table, *, elements: bool, data: bool) -> Iterator[str]:
    for key, selector in table:
        if not isinstance(selector, Selector):
            continue
        if selector.in_json and not data:
            yield f"{table_name}.{key}: json alone finds nothing in elements; add css or xpath, or list.entries"
        elif not selector.in_json and not elements:
            yield f"{table_name}.{key}: css and xpath find nothing in JSON"


def built_in_profiles() -> list[str]:
    """Names of the profiles that come with likelens."""
    files = (entry.name for entry in _PROFILES.iterdir())
    return sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml"))


def load_profile(name_or_path: str, folder: Path = Path()) -> Profile:
    """Load a built-in profile by its name, or a file by its path, relative to `folder`.

    Raises `BadProfile`, which names each wrong key.
    """
    built_in = built_in_profiles()
    file = _PROFILES / f"{name_or_path}.toml" if name_or_path in built_in else folder / name_or_path
    try:
        return Profile.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (OSError, UnicodeDecodeError) as error:
        raise BadProfile(
            f"There is no gallery profile {name_or_path!r}, built in or as the file {file}."
            f" Built in: {', '.join(built_in)}."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise BadProfile(f"The profile {name_or_path} is not TOML: {error}.") from error
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, e['loc']))}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()
        )
        raise BadProfile(f"The profile {name_or_path} can't be used: {wrong}.") from error
