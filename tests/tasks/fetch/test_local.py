"""Pictures that are files on this machine: only those in the settings' folders are stored, like downloads."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasks.fetch.download import Limits


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of a source; its name needs quoting in an address."""
    made = tmp_path / "saved #1 ?"
    made.mkdir()
    return made


@pytest.fixture
def take(fetching: Any, folder: Path) -> Callable[[str], tuple[str | None, int | None]]:
    """Fetch one address; returns the reason and the HTTP status of its only attempt."""

    def take_it(url: str, **options: Any) -> tuple[str | None, int | None]:
        fetching.add_pictures([url])
        fetching.run(**{"folders": (folder,), **options})
        ((_, reason, status),) = fetching.attempts(url)
        return reason, status

    return take_it


def test_a_file_is_stored_like_a_download(fetching, folder, take, picture) -> None:
    """A local picture is stored byte for byte under its hash, with a row for the attempt; the file stays in place."""
    body = picture(5, "JPEG")
    file = folder / "ä b.jpg"
    file.write_bytes(body)
    url = f"{file.as_uri()}#1700000000-123"
    assert take(url) == (None, None)
    sha256 = hashlib.sha256(body).hexdigest()
    assert list(fetching.stored_files().values()) == [body]
    assert fetching.rows("select sha256, format from pictures") == [(sha256, "jpeg")]
    assert fetching.rows("select sha256 from post_pictures") == [(sha256,)]
    assert file.read_bytes() == body
    fetching.check_store()


def test_a_photograph_is_stored_completely(fetching, folder, take, photographs) -> None:
    """A real photograph is stored completely."""
    photo = next(file for file in sorted(photographs.iterdir()) if file.suffix in (".jpg", ".png"))
    (folder / "p").write_bytes(photo.read_bytes())
    assert take((folder / "p").as_uri(), limits=Limits()) == (None, None)
    fetching.check_store()


def test_without_folders_no_file_is_stored(fetching, folder, take, picture) -> None:
    """If no source of the settings has a folder, no file of this machine is read."""
    (folder / "a.png").write_bytes(picture(1))
    assert take((folder / "a.png").as_uri(), folders=()) == ("private_address", None)
    assert fetching.stored_files() == {}


def outside(folder: Path) -> Path:
    return folder.parent / "outside.png"


def link_to_file(folder: Path) -> str:
    (folder / "link.png").symlink_to(outside(folder))
    return (folder / "link.png").as_uri()


def link_to_folder(folder: Path) -> str:
    (folder / "up").symlink_to(folder.parent)
    return (folder / "up" / "outside.png").as_uri()


OUTSIDE = {
    "elsewhere": lambda folder: outside(folder).as_uri(),
    "dots": lambda folder: f"{folder.as_uri()}/../outside.png",
    "quoted dots": lambda folder: f"{folder.as_uri()}/%2e%2e/outside.png",
    "a link": link_to_file,
    "a folder's link": link_to_folder,
    "a name that begins alike": lambda folder: f"{folder.as_uri()}2/outside.png",
}


def test_a_file_outside_the_folder_is_not_read(fetching, folder, picture) -> None:
    """However an address leads out of the folder, the file is not read, and the row has the reason."""
    outside(folder).write_bytes(picture(1))
    beside = folder.with_name(folder.name + "2")
    beside.mkdir()
    (beside / "outside.png").write_bytes(picture(2))
    urls = {name: make(folder) for name, make in OUTSIDE.items()}
    fetching.add_pictures(list(urls.values()))
    fetching.run(folders=(folder,))
    refused = [("failed", "private_address", None)]
    assert {name: fetching.attempts(url) for name, url in urls.items()} == dict.fromkeys(urls, refused)
    assert fetching.stored_files() == {}


REASONS = {
    "file://host.example{}/a.png": "bad_address",
    "file:a.png": "bad_address",
    "file:": "bad_address",
    "file://[{}/a.png": "bad_address",
    "FILE://{}/a.png": "bad_address",
    "file://{}/a%00.png": "bad_address",
    "file://{}/gone.png": "gone",
    "file://{}/a.png/b.png": "gone",
    "file://{}/empty.png": "not_a_picture",
    "file://{}/text.png": "not_a_picture",
    "file://{}/large.png": "too_large",
    "file://{}/a folder": "refused",
}


def test_a_file_that_is_not_a_picture_has_a_reason(fetching, folder, picture) -> None:
    """Each file that can't be stored has the same reason as a download."""
    (folder / "a.png").write_bytes(picture(1))
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("<svg onload='alert(1)'>")
    (folder / "large.png").write_bytes(picture(1) + bytes(300_000))
    (folder / "a folder").mkdir()
    quoted = folder.as_uri().removeprefix("file://")
    fetching.add_pictures([address.format(quoted) for address in REASONS])
    fetching.run(folders=(folder,))
    reasons = {address: fetching.attempts(address.format(quoted))[0][1] for address in REASONS}
    assert reasons == REASONS


def test_a_pipe_is_refused_without_waiting(folder, take) -> None:
    """A named pipe is refused, though nobody writes to it."""
    os.mkfifo(folder / "pipe.jpg")
    results: list[Any] = []
    thread = threading.Thread(
        target=lambda: results.append(take((folder / "pipe.jpg").as_uri())), daemon=True
    )
    thread.start()
    thread.join(600)
    assert results == [("refused", None)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_an_unreadable_file_is_refused(folder, take, picture) -> None:
    """A file without the right to read it is refused."""
    (folder / "a.png").write_bytes(picture(1))
    (folder / "a.png").chmod(0)
    assert take((folder / "a.png").as_uri()) == ("refused", None)


def test_a_redirect_to_a_file_is_not_followed(fetching, folder, server, picture) -> None:
    """A redirect from the web to a file of an allowed folder is not followed."""
    (folder / "a.png").write_bytes(picture(1))
    url = server.serve("/to", status=302, headers={"Location": (folder / "a.png").as_uri()})
    fetching.add_pictures([url])
    fetching.run(folders=(folder,))
    assert fetching.attempts(url) == [("failed", "bad_address", 302)]
    assert fetching.stored_files() == {}


@pytest.mark.slow
def test_hundreds_of_files_are_stored_in_one_run(fetching, folder, picture) -> None:
    """Hundreds of local pictures are stored in one run, each once."""
    urls = []
    for number in range(300):
        (folder / f"{number}.png").write_bytes(picture(number))
        urls.append((folder / f"{number}.png").as_uri())
    fetching.add_pictures(urls)
    result = fetching.run(folders=(folder,), concurrency=4)
    assert (result.status, result.items) == ("done", 300)
    fetching.check_store()
