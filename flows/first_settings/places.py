"""What an answer to 'where are your pictures?' names: an address or a path, and the kind of source that reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from flows.errors import SettingsError
from tasks.scrape.crawl.pasted import INSTAGRAM_HOSTS, split_fediverse
from tasks.scrape.instaloader.listing import json_files
from tasks.scrape.values.text import shown
from tasks.urls import parse

Kind = Literal["mastodon", "graph", "instaloader", "jsonl", "table", "gallery"]

EXAMPLES = (
    ("Mastodon or Pixelfed", "@ann@mastodon.social, https://pixelfed.social/ann"),
    ("Instagram, professional account", "https://www.instagram.com/ann (needs a token of Meta)"),
    ("Instaloader", "the folder that it downloads to"),
    ("Any other program", "its CSV, Parquet or JSON Lines file"),
    ("A web gallery", "the address of the account's first page"),
)
"""What an answer may be, with examples."""
TABLE_ENDINGS = (".csv", ".tsv", ".txt", ".parquet")
LINES_ENDINGS = (".jsonl", ".ndjson", ".json")
_WINDOWS_PATH = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_HANDLE = re.compile(r"@[^@\s/]+(?:@[^@\s/]+)?|[\w.-]+@[\w.-]+(?::\d+)?")
_BARE_ADDRESS = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}(?::\d+)?(?:/\S*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Place:
    """A place of pictures. `address` is a server or a page, `path` a file or a folder; `account` may be unknown.

    `is_sure`: the answer can't be of another kind. A web address may be of a server or of a gallery; `page` is the
    address as it was given.
    """

    kind: Kind
    address: str = ""
    path: Path = Path()
    account: str = ""
    is_sure: bool = True
    page: str = ""


def recognise_place(answer: str, folder: Path) -> Place:
    """The place that an answer names; paths are relative to `folder`. Raises `SettingsError`."""
    text = answer.strip()
    if not text:
        raise SettingsError("Name an address, a file or a folder.")
    if (place := _recognise_path(text, folder)) is not None:
        return place
    if _WINDOWS_PATH.match(text):
        drive = f"/mnt/{text[0].lower()}/{text[3:].replace(chr(92), '/')}" if text[1] == ":" else ""
        hint = f" In Windows' subsystem for Linux it is {shown(drive)}." if drive else ""
        raise SettingsError(f"There is no file or folder {shown(text)} on this machine.{hint}")
    return _recognise_address(text)


def _recognise_address(text: str) -> Place:
    check_visible(text, "address")
    is_handle = _HANDLE.fullmatch(text) is not None
    if not is_handle and "://" not in text:
        is_file = "/" not in text and text.lower().endswith((*TABLE_ENDINGS, *LINES_ENDINGS, ".gz"))
        if is_file or not _BARE_ADDRESS.fullmatch(text):
            raise SettingsError(
                f"There is no file or folder {shown(text)}, and it is no address. Write one of these:\n{list_examples()}"
            )
    address = text if is_handle or "://" in text else f"https://{text}"
    if not is_handle:
        _check_address(address)
        if urlsplit(address).hostname in INSTAGRAM_HOSTS:
            return Place("graph", account=address)
    return _recognise_server(address, is_handle=is_handle)


def check_visible(text: str, what: str) -> None:
    """Raise `SettingsError` for a character that nobody sees, such as a right-to-left mark from a copied name."""
    hidden = next((character for character in text if not character.isprintable()), None)
    if hidden is not None:
        raise SettingsError(
            f"The {what} has the invisible character U+{ord(hidden):04X}, which often comes along when a name is"
            f" copied. Type the {what} without it."
        )


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        if parts.username is not None or parts.password is not None:
            # The message must not repeat a password.
            raise SettingsError(
                f"The address has a user name or a password before {parts.hostname}. Write it without: settings"
                " never hold secrets."
            )
        parse(address)
        parts.port  # noqa: B018 - raises for an invalid one
    except ValueError:
        named = "This" if "@" in address else shown(address)
        raise SettingsError(
            f"{named} is not a valid http or https address. Copy it from the browser."
        ) from None


def _recognise_server(text: str, *, is_handle: bool) -> Place:
    server, account = split_fediverse(text)
    if is_handle and not server:
        raise SettingsError(
            f"{shown(text)} names no server. For Mastodon or Pixelfed write it with the server, as"
            " @ann@mastodon.social; for Instagram write https://www.instagram.com/ann."
        )
    path = urlsplit(text).path if not is_handle else ""
    is_sure = is_handle or path.startswith(("/@", "/web/@", "/users/"))
    if account or not path.strip("/"):
        host = urlsplit(server).hostname or ""
        return Place("mastodon", server, Path(), account, is_sure or "pixelfed" in host, text)
    return Place("gallery", text)


def _recognise_path(text: str, folder: Path) -> Place | None:
    try:
        path = folder / (Path(text).expanduser() if text.startswith("~") else Path(text))
        if path.is_dir():
            return _recognise_folder(path)
        if not path.exists():
            return None
    except (OSError, RuntimeError, ValueError):
        return None  # a NUL, a name that is too long, or a user without a home folder
    endings = [ending.lower() for ending in path.suffixes if ending.lower() != ".gz"]
    if endings and endings[-1] in LINES_ENDINGS:
        return Place("jsonl", path=path)
    if endings and endings[-1] in TABLE_ENDINGS:
        return Place("table", path=path)
    raise SettingsError(
        f"likelens can't tell what {shown(text)} is. Its name ends in none of"
        f" {', '.join((*TABLE_ENDINGS, *LINES_ENDINGS))}: rename the file, or see docs/files.md#settings."
    )


def _recognise_folder(path: Path) -> Place:
    try:
        if next(json_files(path), None) is not None:
            return Place("instaloader", path=path)
        files = sorted(one.name for one in path.iterdir() if one.suffix in (*TABLE_ENDINGS, *LINES_ENDINGS))
    except OSError as error:
        raise SettingsError(
            f"The folder {path} can't be read ({error.strerror}). Let your user read it."
        ) from None
    also = f" It has {', '.join(map(shown, files[:3]))}: to read a file, name the file." if files else ""
    raise SettingsError(
        f"The folder {path} has no JSON of Instaloader.{also} Download to it first, without --no-metadata-json; see"
        " docs/instaloader.md#a-worked-example."
    )


def list_examples() -> str:
    """The places with examples, one per line."""
    width = max(len(name) for name, _ in EXAMPLES)
    return "\n".join(f"  {name:<{width}}  {example}" for name, example in EXAMPLES)
