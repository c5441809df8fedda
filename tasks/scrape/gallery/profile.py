"""Gallery profiles: what a site's pages look like, as data.

A profile is a TOML file of selectors and patterns; `profiles/imgrum.toml` is the model to copy. To add
a site, add a file there (or point `profile` in the settings to one of your own); no code is needed.
"""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Annotated

from cssselect import SelectorError
from parsel import Selector
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from tasks.errors import BadProfile


def _compiles(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from error
    if not re.compile(pattern).groups:
        raise ValueError("it needs a group, in parentheses, around what is to be kept")
    return pattern


def _names_account(pattern: str) -> str:
    if "account" not in re.compile(pattern).groupindex:
        raise ValueError("it needs a group (?P<account>…) around the account's name")
    return pattern


def _reads_dates(form: str) -> str:
    try:
        datetime.strptime(datetime(2017, 5, 25, tzinfo=UTC).strftime(form), form).replace(tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"{form!r} is no form of a date as Python's strptime knows it: {error}") from error
    return form


Pattern = Annotated[str, AfterValidator(_compiles)]
AccountPattern = Annotated[Pattern, AfterValidator(_names_account)]
DateForm = Annotated[str, AfterValidator(_reads_dates)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Part):
    """Where something stands: a CSS selector or an XPath (relative, so starting with `.`).

    `attribute` takes an attribute in place of the text, as `a::attr(href)` or `.//a/@href` do;
    `pattern` keeps its first group.
    """

    css: str | None = None
    xpath: str | None = None
    attribute: str | None = None
    pattern: Pattern | None = None

    @model_validator(mode="after")
    def _one_selector(self) -> Place:
        if (self.css is None) == (self.xpath is None):
            raise ValueError("give either css or xpath")
        if self.xpath is not None and self.xpath.lstrip("(").startswith("/"):
            raise ValueError(f"put a dot before the xpath {self.xpath}, or it looks through the whole page")
        try:
            self.find(Selector(text="<p></p>"))
        except SelectorError as error:
            raise ValueError(f"not a CSS selector: {error}") from error
        return self

    def find(self, selector: Selector) -> list[Selector]:
        """All elements at this place."""
        found = selector.css(self.css) if self.css is not None else selector.xpath(self.xpath or "")
        return list(found)

    def __str__(self) -> str:
        return self.css or self.xpath or ""


class HeadPlaces(_Part):
    """The account's own part of the page."""

    present: Place
    followers: Place | None = None
    following: Place | None = None
    posts: Place | None = None
    private: Place | None = None


class ListPlaces(_Part):
    """A page of posts: one element a post, and the link to the next page."""

    post: Place
    next: Place


class PostPlaces(_Part):
    """One post, inside its element of the list."""

    id: Place
    url: Place
    posted_at: Place
    picture: Place
    video: Place
    caption: Place | None = None
    place: Place | None = None
    likes: Place
    comments: Place | None = None
    pinned: Place | None = None


class Profile(_Part):
    """A gallery site. `account` is a pattern for the path of an account's page, with a group `account`."""

    name: str
    account: AccountPattern
    dates: tuple[DateForm, ...] = Field(min_length=1)
    head: HeadPlaces
    list: ListPlaces
    post: PostPlaces

    def account_of(self, path: str) -> str:
        """The account whose page has this path. Raises `BadProfile` when the path is no account's."""
        found = re.match(self.account, path)
        if found is None:
            raise BadProfile(
                f"The path {path} is not an account's page of the gallery {self.name}: it must match"
                f" {self.account}. Set url to the account's first page."
            )
        return found["account"]


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
