"""What a fetch stores: the bytes as they were served, once, under their hash."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from PIL import Image

from tasks.fetch.download import Limits
from warehouse.tables import Fetch

KINDS = [
    ("JPEG", "jpeg", "jpg"),
    ("PNG", "png", "png"),
    ("WEBP", "webp", "webp"),
    ("GIF", "gif", "gif"),
    ("MPO", "jpeg", "jpg"),
    ("AVIF", "avif", "avif"),
]


@pytest.mark.parametrize(("kind", "name", "ending"), KINDS)
def test_bytes_and_facts(
    kind: str, name: str, ending: str, server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """A picture is stored byte for byte under its SHA-256, with its size, format and path in the table."""
    body = picture(5, kind, (40, 30))
    fetching.want([server.serve("/any/name.php", body)])
    ended = fetching.run()
    sha256 = hashlib.sha256(body).hexdigest()
    path = f"pictures/{sha256[:2]}/{sha256}.{ending}"
    assert (ended.status, ended.items, ended.failures) == ("done", 1, 0)
    assert fetching.stored() == {path: body}
    found = fetching.rows("select sha256, bytes, width, height, format, path from pictures")
    assert found == [(sha256, len(body), 40, 30, name, path)]
    assert fetching.rows("select sha256 from post_pictures") == [(sha256,)]
    assert fetching.tries(server.url("/any/name.php")) == [("ok", None, 200)]


def test_large_body(server: Any, fetching: Any) -> None:
    """A picture of many chunks arrives whole."""
    buffer = io.BytesIO()
    Image.effect_noise((700, 900), 90).save(buffer, "BMP")
    fetching.want([server.serve("/noise", buffer.getvalue())])
    fetching.run(limits=Limits(most_bytes=len(buffer.getvalue())))
    assert list(fetching.stored().values()) == [buffer.getvalue()]


def test_same_bytes_at_two_addresses(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """The same bytes at two addresses are stored once, and both posts link to them."""
    fetching.want([server.serve("/a", picture(1)), server.serve("/b", picture(1))])
    assert fetching.run().items == 2
    assert len(fetching.stored()) == 1
    sha256 = hashlib.sha256(picture(1)).hexdigest()
    assert fetching.rows("select sha256 from pictures") == [(sha256,)]
    assert fetching.rows("select post_id, sha256 from post_pictures order by 1") == [
        ("p000000", sha256),
        ("p000001", sha256),
    ]


def test_one_address_in_two_posts(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """An address that two posts show is asked once, and both posts link to the picture."""
    fetching.want([server.serve("/a", picture(1))] * 2)
    fetching.run()
    assert server.asked == {"/a": 1}
    assert fetching.rows("select count(*) from post_pictures where sha256 is not null") == [(2,)]


def test_second_run(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A second run asks for nothing and changes no table."""
    fetching.want([server.serve(f"/{number}", picture(number)) for number in range(5)])
    fetching.run()
    before = [fetching.rows(f"from {table} order by all") for table in ("pictures", "fetches")]
    server.asked.clear()
    ended = fetching.run()
    assert (ended.status, ended.items) == ("done", 0)
    assert not server.asked
    assert before == [fetching.rows(f"from {table} order by all") for table in ("pictures", "fetches")]


def test_a_later_post_with_a_known_address(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A new post that shows a stored picture is linked without a request."""
    url = server.serve("/a", picture(1))
    fetching.want([url])
    fetching.run()
    fetching.want([url], first_post=1)
    fetching.run()
    assert server.asked == {"/a": 1}
    assert fetching.rows("select count(distinct sha256), count(sha256) from post_pictures") == [(1, 2)]


def test_fetched_but_not_linked(server: Any, fetching: Any) -> None:
    """What a killed run had fetched and not yet linked to its post is linked without a request."""
    url = server.url("/a")
    fetching.want([url])
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
    assert not server.asked


def test_nothing_waits(fetching: Any) -> None:
    """Without pictures to fetch the stage is done, and no folder for them appears."""
    ended = fetching.run()
    assert (ended.status, ended.items, ended.failures, ended.message) == ("done", 0, 0, "")
    assert not fetching.home.pictures.exists()


def test_what_is_asked(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """A request says who asks, wants no compression, and brings back no cookie that a page set."""
    for path in ("/a", "/b"):
        server.serve(path, picture(1), headers={"Set-Cookie": "track=1; Path=/"})
    fetching.want([server.url(path, "localhost") for path in ("/a", "/b")])
    fetching.run(concurrency=1, allow_private_hosts=frozenset({"localhost"}))
    assert len(server.headers) == 2
    for sent in server.headers:
        assert sent["User-Agent"].startswith("likelens/")
        assert sent["Accept-Encoding"] == "identity"
        assert "Cookie" not in sent
