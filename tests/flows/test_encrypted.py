"""A run on a site with TLS: pages through Scrapy, pictures through aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from flows.demo.gallery import Gallery
from flows.demo.server import GalleryServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def encrypted(site: tuple[GalleryServer, Gallery], certificate: Path) -> Iterator[str]:
    """The base address under which the gallery is served with TLS."""
    inner = int(site[0].base.rpartition(":")[2])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def decrypt(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        plain_reader, plain_writer = await asyncio.open_connection("127.0.0.1", inner)
        await asyncio.gather(copy(reader, plain_writer), copy(plain_reader, writer))

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    starting = asyncio.start_server(decrypt, "127.0.0.1", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(starting, loop).result(60)
    yield f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(60)


async def copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy bytes until one of the two ends."""
    with contextlib.suppress(OSError):
        while chunk := await source.read(65536):
            target.write(chunk)
            await target.drain()
    target.close()


def test_pages_and_pictures_are_fetched_over_https(
    tmp_path, without_classifiers, site, encrypted, certificate, likelens
):
    """With a certificate that the system trusts, all posts and pictures are stored."""
    server, gallery = site
    (tmp_path / "likelens.toml").write_text(without_classifiers.replace(server.base, encrypted))
    ran = likelens(tmp_path, "run", SSL_CERT_FILE=str(certificate))
    assert ran.returncode == 0, ran.stderr[-3000:]
    with duckdb.connect(str(tmp_path / "data" / "likelens.duckdb"), read_only=True) as database:
        assert database.execute("select count(*) from posts").fetchall() == [(len(gallery.posts),)]
        addresses = (
            "select count(*), bool_and(sha256 is not null and starts_with(picture_url, ?)) from post_pictures"
        )
        pictures = sum(len(post.pictures) for post in gallery.posts)
        assert database.execute(addresses, [encrypted]).fetchall() == [(pictures, True)]
