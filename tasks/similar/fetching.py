"""A picture at an address, fetched under the rules of the stage fetch, into a temporary folder."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.errors import Stop
from tasks.fetch.attempt import Attempt
from tasks.fetch.download import FetchOptions, downloading
from warehouse.pictures.local import LocalPictures


class PictureNotFetched(Stop):
    """There is no picture at the address, or the rules forbid to fetch it."""


@contextmanager
def fetched_picture(url: str, options: FetchOptions) -> Iterator[Path]:
    """The file of the picture at an http(s) address, for the time of the block; nothing is stored in the home folder.

    Only public addresses, redirects and sizes that a run accepts are fetched. Raises `PictureNotFetched`.
    """
    with tempfile.TemporaryDirectory(prefix="likelens-") as folder:
        pictures = LocalPictures(Path(folder))
        pictures.open_incoming()
        attempt = asyncio.run(_download(pictures, url, options))
        if attempt.picture is None:
            status = f", HTTP status {attempt.http_status}" if attempt.http_status else ""
            message = f" {attempt.message}" if attempt.message else ""
            raise PictureNotFetched(
                f"No picture can be fetched from {url} ({attempt.reason}{status}).{message} Check the address, or"
                " save the picture and name its file."
            )
        yield pictures.source(attempt.picture.path)


async def _download(pictures: LocalPictures, url: str, options: FetchOptions) -> Attempt:
    async with downloading(pictures, options) as download:
        return await download(url)
