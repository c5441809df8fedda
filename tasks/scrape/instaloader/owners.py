"""The owner of a post: by name or number, by its coauthors, and by the folder that it lies in.

A post of several profiles (a collaboration) has one owner; the others are its `coauthor_producers`. Instaloader
saves it in the folder of the profile that was downloaded, whichever of them that is. Beside a profile's posts lie
its JSON, `NAME_NUMBER.json.xz`, and a file `id` (or `NAME_id`) with its number (Instaloader 4.15.1,
`_get_id_filename` and `download_profiles`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tasks.scrape.files.documents import UnreadableFile
from tasks.scrape.files.local_files import read_begin, read_json_inside
from tasks.scrape.instaloader.listing import FolderEntry, stem_of
from tasks.scrape.instaloader.post import Node, node_of, owner_of
from tasks.scrape.values.json_text import at, items
from tasks.scrape.values.text import text_of

_ID_BYTES = 64


@dataclass(frozen=True, slots=True)
class Owner:
    """A profile by its name, its number at Instagram, or both; either may be unknown."""

    name: str | None
    number: str | None

    def __str__(self) -> str:
        return self.name or f"the profile with the number {self.number}"


def poster_of(node: Node) -> Owner:
    """The profile that posted it, as far as the post's JSON names it; for a profile's JSON, that profile."""
    if node.type == "profile":
        return Owner(text_of(node.value.get("username")), _number(node.value.get("id")))
    user = at(node.value, "iphone_struct", "user")
    numbers = (at(node.value, "owner", "id"), at(user, "pk"), at(user, "id"))
    return Owner(owner_of(node.value), next((number for one in numbers if (number := _number(one))), None))


def coauthors_of(node: dict[str, Any]) -> list[Owner]:
    """The other profiles that show the post; not those that are only invited."""
    producers = items(at(node, "coauthor_producers")) or items(
        at(node, "iphone_struct", "coauthor_producers")
    )
    owners = (
        Owner(text_of(at(one, "username")), _number(at(one, "id")) or _number(at(one, "pk")))
        for one in producers
    )
    return [owner for owner in owners if owner.name or owner.number]


def is_same(name: str | None, other: str | None) -> bool:
    """Whether two names belong to one profile; Instagram's names are case-insensitive."""
    return name is not None and other is not None and name.casefold() == other.casefold()


@dataclass(slots=True)
class Owners:
    """Profiles in the files around a post."""

    root: Path
    _folder_names: dict[Path, frozenset[str]] = field(default_factory=dict)
    _names: dict[tuple[Path, str], str | None] = field(default_factory=dict)

    def with_name(self, owner: Owner, entry: FolderEntry) -> Owner:
        """The owner with its name, where the files around the post name the profile with its number."""
        if owner.name is not None or owner.number is None:
            return owner
        key = (entry.file.parent, owner.number)
        if key not in self._names:
            self._names[key] = next(self._names_of(owner.number, entry), None)
        return Owner(self._names[key], owner.number)

    def is_home_of(self, owner: Owner, entry: FolderEntry) -> bool:
        """Whether the post lies in this profile's folder, by the folder's name or by the profile's files."""
        if any(is_same(folder.name, owner.name) for folder, _ in self._around(entry)):
            return True
        return owner.number is not None and self.with_name(Owner(None, owner.number), entry).name is not None

    def numbers_of(self, name: str, entry: FolderEntry) -> frozenset[str]:
        """The numbers of a profile in the files around the post."""
        numbers = set()
        for _, names in self._around(entry):
            for file in names:
                head, _, number = (stem_of(file) or "").rpartition("_")
                if is_same(head, name) and _number(number):
                    numbers.add(number)
        return frozenset(
            one for one in numbers if is_same(self.with_name(Owner(None, one), entry).name, name)
        )

    def _names_of(self, number: str, entry: FolderEntry) -> Iterator[str]:
        for folder, names in self._around(entry):
            for file in sorted(name for name in names if (stem_of(name) or "").endswith(f"_{number}")):
                if (name := self._profile_in(folder / file, number)) is not None:
                    yield name
            for file in sorted(name for name in names if name == "id" or name.endswith("_id")):
                if (read_begin(folder / file, self.root, _ID_BYTES) or b"").strip() == number.encode():
                    yield folder.name if file == "id" else file.removesuffix("_id")

    def _around(self, entry: FolderEntry) -> Iterator[tuple[Path, frozenset[str]]]:
        """The post's folder and its parents, up to the source's root."""
        folder = entry.file.parent
        yield folder, entry.siblings
        while folder != self.root and self.root in folder.parents:
            folder = folder.parent
            if folder not in self._folder_names:
                try:
                    self._folder_names[folder] = frozenset(os.listdir(folder))  # noqa: PTH208 - names only
                except OSError:
                    self._folder_names[folder] = frozenset()
            yield folder, self._folder_names[folder]

    def _profile_in(self, file: Path, number: str) -> str | None:
        try:
            node = node_of(read_json_inside(file, self.root).value)
        except UnreadableFile:
            return None
        is_it = node.type == "profile" and _number(node.value.get("id")) == number
        return text_of(node.value.get("username")) if is_it else None


def _number(value: Any) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if 0 <= value < 10**30 else None
    return value if isinstance(value, str) and value.isascii() and value.isdigit() else None
