"""A fetch stores the bytes of the server, once, under their hash."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from tasks.fetch.download import Limits
from warehouse.schema.picture_tables import Fetch

KINDS = [
    ("JPEG", "jpeg", "jpg"),
    ("PNG", "png", "png"),
    ("WEBP", "webp", "webp"),
    ("GIF", "gif", "gif"),
    ("MPO", "jpeg", "jpg"),
    ("AVIF", "avif", "avif"),
]


@pytest.mark.slow
def test_a_picture_is_stored_with_its_properties(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A picture is stored byte for byte under its SHA-256, with its size, format and path in the table."""
    files, rows, links, urls = {}, set(), [], []
    for number, (kind, name, ending) in enumerate(KINDS):
        body = picture(5, kind, (40, 30))
        sha256 = hashlib.sha256(body).hexdigest()
        path = f"pictures/{sha256[:2]}/{sha256}.{ending}"
        files[path] = body
        rows.add((sha256, len(body), 40, 30, name, path))
        links.append((sha256,))
        urls.append(server.serve(f"/any/{number}.php", body))
    fetching.add_pictures(urls)
    result = fetching.run()
    assert (result.status, result.items, result.failures) == ("done", len(KINDS), 0)
    assert fetching.stored_files() == files
    assert set(fetching.rows("select sha256, bytes, width, height, format, path from pictures")) == rows
    assert fetching.rows("select sha256 from post_pictures order by post_id") == links
    assert fetching.rows("select distinct status, reason, http_status from fetches") == [("ok", None, 200)]


@pytest.mark.slow
def test_a_body_of_many_chunks_is_stored_completely(server: Any, fetching: Any) -> None:
    """A picture of many chunks is stored completely."""
    buffer = io.BytesIO()
    Image.effect_noise((700, 900), 90).save(buffer, "BMP")
    fetching.add_pictures([server.serve("/noise", buffer.getvalue())])
    fetching.run(limits=Limits(max_bytes=len(buffer.getvalue())))
    assert list(fetching.stored_files().values()) == [buffer.getvalue()]


@pytest.mark.slow
def test_the_same_bytes_at_two_addresses_are_stored_once(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """The same bytes at two addresses are stored once, and both posts link to them."""
    fetching.add_pictures([server.serve("/a", picture(1)), server.serve("/b", picture(1))])
    assert fetching.run().items == 2
    assert len(fetching.stored_files()) == 1
    sha256 = hashlib.sha256(picture(1)).hexdigest()
    assert fetching.rows("select sha256 from pictures") == [(sha256,)]
    assert fetching.rows("select post_id, sha256 from post_pictures order by 1") == [
        ("p000000", sha256),
        ("p000001", sha256),
    ]


@pytest.mark.slow
def test_an_address_in_two_posts_is_requested_once(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """An address in two posts gets one request, and both posts link to the picture."""
    fetching.add_pictures([server.serve("/a", picture(1))] * 2)
    fetching.run()
    assert server.requests == {"/a": 1}
    assert fetching.rows("select count(*) from post_pictures where sha256 is not null") == [(2,)]


@pytest.mark.slow
def test_a_second_run_changes_nothing(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A second run sends no request and changes no table."""
    fetching.add_pictures([server.serve(f"/{number}", picture(number)) for number in range(5)])
    fetching.run()
    before = [fetching.rows(f"from {table} order by all") for table in ("pictures", "fetches")]
    server.requests.clear()
    result = fetching.run()
    assert (result.status, result.items) == ("done", 0)
    assert not server.requests
    assert before == [fetching.rows(f"from {table} order by all") for table in ("pictures", "fetches")]


@pytest.mark.slow
def test_a_later_post_with_a_known_address_needs_no_request(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A new post that shows a stored picture is linked without a request."""
    url = server.serve("/a", picture(1))
    fetching.add_pictures([url])
    fetching.run()
    fetching.add_pictures([url], first_post=1)
    fetching.run()
    assert server.requests == {"/a": 1}
    assert fetching.rows("select count(distinct sha256), count(sha256) from post_pictures") == [(1, 2)]


def test_a_fetched_picture_is_linked_without_a_request(server: Any, fetching: Any) -> None:
    """A picture that a killed run fetched and did not link to its post is linked without a request."""
    url = server.url("/a")
    fetching.add_pictures([url])
    fetching.home.lake.append(
        [
            Fetch(
                picture_url=url,
                attempted_at=datetime(2024, 5, 1, tzinfo=UTC),
                status="ok",
                reason=None,
                http_status=200,
                sha256="ab" * 32,
                seconds=0.1,
            )
        ]
    )
    fetching.run()
    assert fetching.rows("select sha256 from post_pictures") == [("ab" * 32,)]
    assert not server.requests


def test_a_run_without_pending_pictures_is_done(fetching: Any) -> None:
    """Without pictures to fetch the stage is done, and no folder for them appears."""
    result = fetching.run()
    assert (result.status, result.items, result.failures, result.message) == ("done", 0, 0, "")
    assert not fetching.home.pictures.exists()


@pytest.mark.slow
def test_a_request_has_our_headers_and_no_cookie(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A request has our user agent, accepts no compression, and returns no cookie."""
    for path in ("/a", "/b"):
        server.serve(path, picture(1), headers={"Set-Cookie": "track=1; Path=/"})
    fetching.add_pictures([server.url(path, "localhost") for path in ("/a", "/b")])
    fetching.run(concurrency=1, allow_private_hosts=frozenset({"localhost"}))
    assert len(server.headers) == 2
    for sent in server.headers:
        assert sent["User-Agent"].startswith("likelens/")
        assert sent["Accept-Encoding"] == "identity"
        assert "Cookie" not in sent
