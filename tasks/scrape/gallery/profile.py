"""Gallery profiles: what a site's pages look like, as data.

A profile is a TOML file of selectors and patterns; those in `profiles/` are the models to copy. To add
a site, add a file there (or point `profile` in the settings to one of your own); no code is needed.
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

from tasks.errors import BadProfile
from tasks.scrape.gallery.dates import DateForm, date_reader
from tasks.scrape.gallery.embedded_json import StatePlace
from tasks.scrape.gallery.numbered import Numbered
from tasks.scrape.gallery.selector_types import AddressPlace, Pattern, Place, Table


def _names_account(pattern: str) -> str:
    if "account" not in re.compile(pattern).groupindex:
        raise ValueError("it needs a group (?P<account>…) around the account's name")
    return pattern


def _is_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{name!r} is no time zone such as Europe/Berlin") from error
    return name


AccountPattern = Annotated[Pattern, AfterValidator(_names_account)]
Zone = Annotated[str, AfterValidator(_is_zone)]
IN_POST_OR_DETAIL = ("posted_at", "picture", "likes")
"""What every profile says, for the list or for the post's own page."""


class HeadPlaces(Table):
    """The account's own part of the page. `account` is its name, as in the address of its page."""

    present: Place
    account: Place | None = None
    followers: Place | None = None
    following: Place | None = None
    posts: Place | None = None
    private: Place | None = None
    unknown: Place | None = None


class ListPlaces(Table):
    """A page of posts: one element or JSON object a post, and the way to the next page.

    `entries` are JSON objects with more of the posts, one for each: by the posts' ids, or with an `entry_id`.
    """

    post: Place
    next: AddressPlace | None = None
    numbered: Numbered | None = None
    entries: Place | None = None
    entry_id: Place | None = None

    @model_validator(mode="after")
    def _leads_on(self) -> ListPlaces:
        if (self.next is None) == (self.numbered is None):
            raise ValueError("give either next or numbered")
        if self.entries is not None and (self.post.in_json or not self.entries.in_json):
            raise ValueError("entries are json, for posts that are found by css or xpath")
        return self


class PostPlaces(Table):
    """One post, inside its element or JSON object of the list; where `advertisement` finds anything, it is none."""

    id: Place
    url: AddressPlace
    posted_at: Place | None = None
    picture: AddressPlace | None = None
    video: Place | None = None
    caption: Place | None = None
    place: Place | None = None
    likes: Place | None = None
    comments: Place | None = None
    hidden: Place | None = None
    pinned: Place | None = None
    advertisement: Place | None = None


class DetailPlaces(Table):
    """A post's own page: what it tells better than the list, or alone."""

    present: Place | None = None
    posted_at: Place | None = None
    picture: AddressPlace | None = None
    video: Place | None = None
    caption: Place | None = None
    place: Place | None = None
    likes: Place | None = None
    comments: Place | None = None
    hidden: Place | None = None

    @property
    def tells_more(self) -> bool:
        """Whether fields of the post are taken from its own page."""
        return any(place is not None for key, place in self if key != "present")


class CommentPlaces(Table):
    """Comments on a post's own page; those inside another one, or in its `replies`, answer it."""

    comment: Place
    id: Place | None = None
    author: Place | None = None
    text: Place
    posted_at: Place | None = None
    likes: Place | None = None
    parent: Place | None = None
    replies: Place | None = None
    next: AddressPlace | None = None

    @model_validator(mode="after")
    def _nests(self) -> CommentPlaces:
        if self.replies is not None and not (self.comment.in_json and self.replies.in_json):
            raise ValueError("replies is json, for comments in json; of elements, nesting tells the replies")
        return self


class Profile(Table):
    """A gallery site. `account` is a pattern for the path of an account's page, with a group `account`."""

    name: str
    account: AccountPattern
    dates: tuple[DateForm, ...] = Field(min_length=1)
    zone: Zone = "UTC"
    months: tuple[str, ...] = ()
    state: StatePlace | None = None
    head: HeadPlaces
    list: ListPlaces
    post: PostPlaces
    detail: DetailPlaces = DetailPlaces()
    comments: CommentPlaces | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Profile:
        wrong = [*self._missing(), *self._misplaced()]
        if len(self.months) not in (0, 12):
            wrong.append("months: it has the names of all twelve months, in order")
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _missing(self) -> Iterator[str]:
        for key in IN_POST_OR_DETAIL:
            if getattr(self.post, key) is None and getattr(self.detail, key) is None:
                yield f"post.{key}: it must be told here or in [detail]"

    def _misplaced(self) -> Iterator[str]:
        """Places that can't find anything where they are looked for."""
        entries = self.list.post.in_json or self.list.entries is not None
        yield from _unfit("post", self.post, elements=not self.list.post.in_json, data=entries)
        if (comments := self.comments) is not None:
            in_json = comments.comment.in_json
            inside = CommentPlaces.model_construct(**{**dict(comments), "comment": None, "next": None})
            yield from _unfit("comments", inside, elements=not in_json, data=in_json)
        if self.state is None:
            of_page = (("head", self.head), ("list", self.list), ("detail", self.detail))
            places = [(f"{name}.{key}", place) for name, part in of_page for key, place in part]
            if comments is not None:
                places += [("comments.comment", comments.comment), ("comments.next", comments.next)]
            for name, place in places:
                if isinstance(place, Place) and place.in_json and name != "list.entry_id":
                    yield f"{name}: json alone looks into the page's [state], which is not told"

    @cached_property
    def read_date(self) -> Callable[[object], datetime]:
        """Reads a date of the site; raises `ValueError` where none of its forms fits."""
        return date_reader(self.dates, ZoneInfo(self.zone), self.months)

    def account_of(self, path: str) -> str:
        """The account whose page has this path. Raises `BadProfile` when the path is no account's."""
        found = re.match(self.account, path)
        if found is None:
            raise BadProfile(
                f"The path {path} is not an account's page of the gallery {self.name}: it must match"
                f" {self.account}. It may be a post's page. Set url to the account's first page."
            )
        return found["account"]


def _unfit(name: str, part: Table, *, elements: bool, data: bool) -> Iterator[str]:
    for key, place in part:
        if not isinstance(place, Place):
            continue
        if place.in_json and not data:
            yield f"{name}.{key}: json alone does not go with elements; add css or xpath, or list.entries"
        elif not place.in_json and not elements:
            yield f"{name}.{key}: css and xpath find nothing inside json"


def built_in_profiles() -> list[str]:
    """Names of the profiles that come with likelens."""
    folder = resources.files("tasks.scrape.gallery") / "profiles"
    return sorted(
        entry.name.removesuffix(".toml") for entry in folder.iterdir() if entry.name.endswith(".toml")
    )


def load_profile(name_or_path: str, folder: Path = Path()) -> Profile:
    """A built-in profile by its name, or one's own by its path (relative to `folder`).

    Raises `BadProfile`, naming each key that is wrong.
    """
    if name_or_path in built_in_profiles():
        text = (resources.files("tasks.scrape.gallery") / "profiles" / f"{name_or_path}.toml").read_text(
            "utf-8"
        )
    else:
        text = _own_profile(folder / name_or_path, name_or_path)
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadProfile(f"The profile {name_or_path} is not TOML: {error}.") from error
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise BadProfile(f"The profile {name_or_path} can't be used: {wrong}.") from error


def _own_profile(path: Path, given: str) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        known = ", ".join(built_in_profiles())
        raise BadProfile(
            f"There is no gallery profile {given!r} (looked for the file {path}). Built in: {known}."
        ) from error
