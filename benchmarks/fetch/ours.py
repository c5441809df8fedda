"""The stage fetch as a client: with hashes, checks, safety and rows in the lake."""

from __future__ import annotations

import sys
from pathlib import Path

from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from warehouse.home import Home
from warehouse.schema.tables import PostPicture


def prepare(folder: Path, urls: tuple[str, ...]) -> None:
    """Create a home folder with a post for each of these pictures."""
    home = Home(folder)
    home.prepare()
    home.lake.append(
        [
            PostPicture(source="s", post_id=f"{number:06}", position=0, picture_url=url, sha256=None)
            for number, url in enumerate(urls)
        ]
    )


def main(folder: Path) -> None:
    """Fetch all pictures of the home folder."""
    result = fetch_pictures(
        Home(folder), FetchOptions(allow_private_hosts=frozenset({"127.0.0.1"})), lambda *_: None
    )
    if result.status != "done":
        sys.exit(result.message)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
