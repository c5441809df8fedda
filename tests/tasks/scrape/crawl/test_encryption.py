"""A token is sent over https only, to a host with a valid certificate, and nowhere else."""

from __future__ import annotations

import dataclasses
import http.server
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tasks.errors import LayoutChanged, SourceRefused, SourceUnreachable
from tasks.scrape.graph.source import GraphSettings
from tasks.scrape.mastodon.source import MastodonSettings
from tasks.scrape.model import Source
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool

TOKEN = "a-secret-token-0123"
ACCOUNT = {"id": "7", "acct": "ann", "locked": False, "statuses_count": 0}


@dataclass
class Encrypted:
    """A server with https; it responds with JSON, or with a redirect to `leads_to`."""

    port: int = 0
    leads_to: str = ""
    sent: list[str] = field(default_factory=list)

    @property
    def base(self) -> str:
        """Its address."""
        return f"https://127.0.0.1:{self.port}"


class _Server(http.server.ThreadingHTTPServer):
    encrypted: Encrypted

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients refuse its certificate here."""


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server = cast(_Server, self.server).encrypted
        server.sent.append(f"{self.path} {self.headers}")
        moved = server.leads_to and self.path != "/robots.txt"
        body = json.dumps([] if "/statuses" in self.path else ACCOUNT).encode()
        self.send_response(404 if self.path == "/robots.txt" else 302 if moved else 200)
        self.send_header("Content-Type", "application/json")
        if moved:
            self.send_header("Location", server.leads_to + self.path)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


def make_certificate(folder: Path) -> Path:
    """A file with a self-signed certificate for 127.0.0.1, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return file


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """The server's certificate."""
    return make_certificate(tmp_path)


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[Encrypted]:
    """A server with https on this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.encrypted = Encrypted(server.server_port)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server.encrypted
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(params=["mastodon", "graph"])
def source(request: pytest.FixtureRequest, encrypted: Encrypted, tmp_path: Path) -> Source:
    """A source on that server, of each kind that sends a token."""
    if request.param == "mastodon":
        mastodon = MastodonSettings(name="a", kind="mastodon", server=encrypted.base, account="ann")
        return mastodon.open(tmp_path)
    return GraphSettings(name="a", kind="graph", account="ann", user_id="1", base=encrypted.base).open(
        tmp_path
    )


@pytest.fixture
def read(tmp_path: Path) -> Callable[[Source], list[Page]]:
    """Crawl a source with the token."""
    return lambda source: list(
        source.pages(ReadContext(Spool(tmp_path / "spool.jsonl"), Politeness(0.0), secret=TOKEN))
    )


def test_a_server_with_an_untrusted_certificate_gets_no_token(encrypted, source, read) -> None:
    """It gets no request at all, and the error says why."""
    with pytest.raises(SourceUnreachable, match="certificate") as raised:
        read(source)
    assert encrypted.sent == []
    assert TOKEN not in str(raised.value)


def test_a_server_with_a_trusted_certificate_gets_the_token(
    encrypted, certificate, source, read, monkeypatch
) -> None:
    """With SSL_CERT_FILE, a self-signed certificate is trusted and the source is read with the token."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    if source.needs_secret:
        with pytest.raises(LayoutChanged, match="business_discovery"):  # the server responds as Mastodon does
            read(source)
    else:
        assert [page.posts for page in read(source)] == [()]
    assert any(TOKEN in sent for sent in encrypted.sent)


@pytest.mark.slow
def test_a_redirect_from_https_to_http_is_not_followed(
    encrypted, certificate, site, source, read, monkeypatch
) -> None:
    """A redirect to http is not followed with a token, whether to the same port or to another one."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    for leads_to in (encrypted.base.replace("https", "http"), site.base):
        encrypted.leads_to = leads_to
        with pytest.raises(SourceRefused, match="leads to http:") as raised:
            read(source)
        assert TOKEN not in str(raised.value)
    assert site.requests == []


def test_a_server_without_https_is_reported(site, source, read, encrypted) -> None:
    """The error says that the server does not use https."""
    encrypted.leads_to = ""
    plain = dataclasses.replace(source, adapter=dataclasses.replace(source.adapter, **_base(source, site)))
    with pytest.raises(SourceUnreachable, match="does not use https"):
        read(plain)


def _base(source: Source, site) -> dict[str, str]:
    key = "base" if source.needs_secret else "server"
    return {key: site.base.replace("http:", "https:")}
