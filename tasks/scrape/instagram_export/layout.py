"""Where things lie in an export, in those of several years.

Instagram publishes no description of it. The paths are those that exports of 2021 to 2026 have, as the
programs of others that read them agree on: `content/` (to 2022), `your_instagram_activity/content/` (to
2024), `your_instagram_activity/media/` (since).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tasks.errors import BadInput
from tasks.scrape.files.pictures import inside

_CONTENT = ("your_instagram_activity/media", "your_instagram_activity/content", "content")
_POSTS = ("posts_*.json", "posts.json", "reels.json", "igtv_videos.json")
_PERSONAL = (
    "personal_information/personal_information/personal_information.json",
    "personal_information/personal_information.json",
    "account_information/personal_information.json",
)
_CONNECTIONS = ("connections/followers_and_following", "followers_and_following")
_NAMED = re.compile(r"instagram-(?P<account>.+?)-\d{4}-\d{2}-\d{2}(?:-\w+)?")
_NUMBER = re.compile(r"(\d+)")


def root_of(folder: Path) -> Path:
    """The folder with the export's files: the one that is given, or the only such folder in it.

    Raises `BadInput` where there is none, which says what was found in its place.
    """
    if folder.is_file():
        raise BadInput(
            f"{folder} is a file. Unpack the export, and let `folder` name the folder that comes out."
        )
    if not folder.is_dir():
        raise BadInput(f"There is no folder {folder}. Mend `folder`, or unpack the export there.")
    candidates = [folder, *sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink())]
    roots = [one for one in candidates if post_files(one)]
    if len(roots) == 1 or (roots and roots[0] == folder):
        return roots[0]
    if len(roots) > 1:
        raise BadInput(f"{folder} holds {len(roots)} exports. Let `folder` name one of them.")
    if any(next(one.glob(f"{part}/posts*.html"), None) for one in candidates for part in _CONTENT):
        raise BadInput(f"The export in {folder} is HTML. Ask Instagram for it again, in the format JSON.")
    raise BadInput(
        f"There are no posts in {folder}: an export has {_CONTENT[0]}/posts_1.json. Mend `folder`, or ask Instagram"
        " for an export with your posts, in the format JSON."
    )


def post_files(root: Path) -> list[Path]:
    """The files with posts, in the order of their numbers."""
    for part in _CONTENT:
        # The newest layout only: where two exports were unpacked to one folder, both have the same posts.
        if found := [file for pattern in _POSTS for file in _matching(root, part, pattern)]:
            return sorted(found, key=lambda file: _by_number(file.name))
    return []


def personal_file(root: Path) -> Path | None:
    """The file that names the account."""
    return next((root / part for part in _PERSONAL if inside(root / part, root)), None)


def connection_files(root: Path, what: str) -> list[Path]:
    """The files that list the followers, or those whom the account follows."""
    patterns = (f"{what}.json", f"{what}_*.json")
    return [file for part in _CONNECTIONS for pattern in patterns for file in _matching(root, part, pattern)]


def account_in_name(root: Path) -> str | None:
    """The account, where the folder still has the name that Instagram gave it."""
    found = _NAMED.fullmatch(root.name)
    return found["account"] if found else None


def _matching(root: Path, part: str, pattern: str) -> Iterator[Path]:
    for file in sorted((root / part).glob(pattern)):
        numbered = re.fullmatch(pattern.replace(".", r"\.").replace("*", r"\d+"), file.name)
        if numbered and (real := inside(file, root)) and real.is_file():
            yield file


def _by_number(name: str) -> list[Any]:
    return [int(part) if part.isdecimal() else part for part in _NUMBER.split(name)]
