"""The text of the settings file: the tables with a comment on what each key does."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from flows.docs_pages import CLASSIFIERS, SETTINGS
from flows.first_settings.classifier_drafts import ClassifierDraft
from flows.first_settings.source_draft import SourceDraft
from flows.first_settings.toml_text import TomlValue, toml_value

NOTE_COLUMN = 38
"""Comments begin here where the values are short."""
MAX_BESIDE_NOTE = 60
"""Behind a longer value nobody sees a comment, so it stands above."""


def render_settings(home: str, source: SourceDraft, classifiers: Sequence[ClassifierDraft]) -> str:
    """The complete text."""
    head = f"# Settings of likelens, written by `likelens init`. {SETTINGS} explains every key."
    blocks = [
        f"{head}\n# After a change: likelens doctor",
        _pair("home", home, "everything is stored here"),
        "# Whose posts are read. Write [[sources]] again for each other account: docs/sources.md.\n"
        + _table("sources", source.table(), {"name": "the column source of the tables", **source.notes}),
        _scrape(),
        *_fetch(source),
        _rank(),
        *_classifiers(classifiers),
    ]
    return "\n\n".join(blocks) + "\n"


def _scrape() -> str:
    return "\n".join(
        [
            "[scrape]",
            _pair("delay_seconds", 5.0, "between two pages of a host"),
            _pair("refresh_days", 14, "younger posts are observed again in every run"),
            '# contact = "mailto:you@example.org"   # an address that hosts may write to',
        ]
    )


def _fetch(source: SourceDraft) -> Iterator[str]:
    """Allow the pictures of a server in one's own network; all other hosts must have public addresses."""
    host = urlsplit(str(source.keys.get("server") or source.keys.get("url") or "")).netloc
    if source.kind in ("mastodon", "gallery") and _is_private(host):
        yield "[fetch]\n" + _pair("allow_private_hosts", [host], "pictures may come from this host of yours")


def _is_private(host: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    try:
        return ipaddress.ip_address(name).is_private
    except ValueError:
        return name == "localhost"


def _rank() -> str:
    return "[rank]\n" + _pair("time_zone", "UTC", 'of weekdays and hours, such as "Europe/Berlin"')


def _classifiers(classifiers: Sequence[ClassifierDraft]) -> Iterator[str]:
    head = f"# What labels the pictures. Others, and all their keys: {CLASSIFIERS}.\n"
    for classifier in classifiers:
        yield head + _table("classifiers", classifier.table(), classifier.notes)
        head = ""


def _table(name: str, table: Mapping[str, TomlValue], notes: Mapping[str, str]) -> str:
    return "\n".join(
        [f"[[{name}]]", *(_pair(key, value, notes.get(key, "")) for key, value in table.items())]
    )


def _pair(key: str, value: TomlValue, note: str = "") -> str:
    line = f"{key} = {toml_value(value)}"
    if note and len(line) > MAX_BESIDE_NOTE:
        return f"# {note}\n{line}"
    return f"{line:<{NOTE_COLUMN}} # {note}" if note else line
