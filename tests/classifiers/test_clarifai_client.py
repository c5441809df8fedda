"""The connection to Clarifai: its address, TLS, the key, and the settings that are refused."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from clarifai_grpc.grpc.api import resources_pb2, service_pb2
from clarifai_grpc.grpc.api.status import status_pb2
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pydantic import ValidationError

from classifiers.clarifai import ClarifaiOptions
from classifiers.clarifai.channel import Address, parse_address
from classifiers.clarifai.client import open_client
from classifiers.errors import ClassifierUnavailable

POST = "/clarifai.api.V2/PostModelOutputs"


@pytest.mark.parametrize(
    ("base", "target", "is_plaintext"),
    [
        ("api.clarifai.com", "api.clarifai.com:443", False),
        ("api.clarifai.com:443", "api.clarifai.com:443", False),
        ("https://api.clarifai.com/", "api.clarifai.com:443", False),
        ("127.0.0.1:9000", "127.0.0.1:9000", True),
        ("localhost:9000", "localhost:9000", True),
        ("http://127.0.0.1:9000", "127.0.0.1:9000", True),
        ("https://127.0.0.1:9000", "127.0.0.1:9000", False),
        ("http://test-server:9000", "test-server:9000", True),
        ("http://test-server", "test-server:18080", True),
        ("test-server:9000", "test-server:9000", False),
        ("[::1]:9000", "[::1]:9000", True),
    ],
)
def test_plaintext_is_only_for_this_machine_and_http(base, target, is_plaintext):
    """The key is sent unencrypted only to this machine, or to a server whose address begins with http://."""
    assert parse_address(base) == Address(target, is_plaintext, parse_address(base).is_local)


@pytest.mark.parametrize(
    "base", ["", "http://", "host:port", "ftp://x:1", "user@host:1", "x.org/v2", "a b:1:2"]
)
def test_an_invalid_address_is_refused(base):
    """The message for an invalid base shows a valid form."""
    with pytest.raises(ClassifierUnavailable, match="host:port"):
        parse_address(base)


def certificate() -> tuple[bytes, bytes]:
    """A private key and a self-signed certificate for this machine."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private, made.public_bytes(serialization.Encoding.PEM)


class Models(grpc.GenericRpcHandler):
    """Responds to GetModel, and cuts the connection of every other method."""

    def __init__(self):
        self.calls = []

    def service(self, details):
        self.calls.append((details.method, dict(details.invocation_metadata)))
        return grpc.unary_unary_rpc_method_handler(
            self.get if details.method.endswith("GetModel") else self.cut,
            request_deserializer=bytes,
            response_serializer=service_pb2.SingleModelResponse.SerializeToString,
        )

    def get(self, request, context):
        model = resources_pb2.Model(model_version=resources_pb2.ModelVersion(id="v1"))
        return service_pb2.SingleModelResponse(status=status_pb2.Status(code=10000), model=model)

    def cut(self, request, context):
        context.abort(grpc.StatusCode.UNAVAILABLE, "cut")


@pytest.fixture
def tls(tmp_path):
    """A TLS server, its port, and a file with its certificate."""
    private, public = certificate()
    models = Models()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[models])
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(private, public)]))
    server.start()
    (tmp_path / "ca.pem").write_bytes(public)
    yield models, port, tmp_path / "ca.pem"
    server.stop(0)


def test_the_servers_certificate_is_checked(tls):
    """A server with a trusted certificate gets the key; another server gets no request at all."""
    models, port, file = tls
    known = open_client("c", ClarifaiOptions(certificates=file), f"https://localhost:{port}", "key")
    assert known.current_version("m") == "v1"
    assert models.calls[0][1]["authorization"] == "Key key"
    unknown = open_client("c", ClarifaiOptions(), f"https://localhost:{port}", "key")
    with pytest.raises(ClassifierUnavailable, match="returns no version of the model m"):
        unknown.current_version("m")
    assert len(models.calls) == 1


def test_the_channel_does_not_retry(tls):
    """A call that the server cuts arrives once: the channel has no hidden retry."""
    models, port, file = tls
    client = open_client("c", ClarifaiOptions(certificates=file), f"https://localhost:{port}", "key")
    status = client.send("m", "v", []).receive()
    assert (status.name, status.unsent) == ("UNAVAILABLE", False)
    assert [method for method, _ in models.calls] == [POST]


@pytest.mark.parametrize("key", [None, "", "a\nb", "schlüssel"])
def test_an_unusable_key_is_refused(key):
    """Without a usable key there is no client; the message names where to put one, but does not contain the key."""
    with pytest.raises(ClassifierUnavailable, match="CLARIFAI_PAT") as refused:
        open_client("c", ClarifaiOptions(), None, key)
    assert not key or key not in str(refused.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": "", "regions_model": ""},
        {"model": "a", "regions_model": "a"},
        {"model": "a b"},
        {"batch": 129},
        {"top": 201},
        {"longest_side": 10},
        {"monthly_budget": -1},
        {"price_per_1000": float("nan")},
        {"key": "secret"},
    ],
)
def test_invalid_options_are_refused(wrong):
    """Settings outside their limits are refused, and so is a key among the settings."""
    with pytest.raises(ValidationError):
        ClarifaiOptions.model_validate(wrong)
