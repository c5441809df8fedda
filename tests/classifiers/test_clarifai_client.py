"""The connection to Clarifai: where to, with TLS or without, and what its settings refuse."""

from __future__ import annotations

import datetime
import subprocess
import sys
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

from classifiers.clarifai import ClarifaiOptions, load
from classifiers.clarifai.channel import Address, address
from classifiers.clarifai.client import open_client
from classifiers.errors import ClassifierUnavailable

POST = "/clarifai.api.V2/PostModelOutputs"


@pytest.mark.parametrize(
    ("base", "target", "plain"),
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
def test_tls_is_left_out_only_here_or_where_it_is_said(base, target, plain):
    """The key goes unencrypted only to this machine, or to a server whose address begins with http://."""
    assert address(base) == Address(target, plain, address(base).local)
    assert address(base).plain is plain


@pytest.mark.parametrize(
    "base", ["", "http://", "host:port", "ftp://x:1", "user@host:1", "x.org/v2", "a b:1:2"]
)
def test_what_is_no_address_is_told(base):
    """A base that can't be used is told with what would be right."""
    with pytest.raises(ClassifierUnavailable, match="host:port"):
        address(base)


def certificate() -> tuple[bytes, bytes]:
    """A key and a certificate of its own for this machine."""
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
    """Answers GetModel, and cuts the connection of everything else."""

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
    """A server with TLS, its port, and a file with its certificate."""
    private, public = certificate()
    models = Models()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[models])
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([(private, public)]))
    server.start()
    (tmp_path / "ca.pem").write_bytes(public)
    yield models, port, tmp_path / "ca.pem"
    server.stop(0)


def test_tls_is_checked(tls):
    """A server with a certificate that is known is spoken to with the key; another gets nothing at all."""
    models, port, file = tls
    known = open_client("c", ClarifaiOptions(certificates=file), f"https://localhost:{port}", "key")
    assert known.current_version("m") == "v1"
    assert models.calls[0][1]["authorization"] == "Key key"
    unknown = open_client("c", ClarifaiOptions(), f"https://localhost:{port}", "key")
    with pytest.raises(ClassifierUnavailable, match="does not tell about the model m"):
        unknown.current_version("m")
    assert len(models.calls) == 1


def test_nothing_is_sent_twice_without_saying_so(tls):
    """A call that is cut comes once: no retry is hidden in the channel."""
    models, port, file = tls
    client = open_client("c", ClarifaiOptions(certificates=file), f"https://localhost:{port}", "key")
    status = client.send("m", "v", []).answer()
    assert (status.name, status.unsent) == ("UNAVAILABLE", False)
    assert [method for method, _ in models.calls] == [POST]


@pytest.mark.parametrize("key", [None, "", "a\nb", "schlüssel"])
def test_a_key_that_is_none_is_told(key):
    """Without a usable key there is no client, and the message names where one goes, but not the key."""
    with pytest.raises(ClassifierUnavailable, match="CLARIFAI_PAT") as told:
        open_client("c", ClarifaiOptions(), None, key)
    assert not key or key not in str(told.value)


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
def test_options(wrong):
    """Settings that can't be meant are refused; so is a key among them."""
    with pytest.raises(ValidationError):
        ClarifaiOptions.model_validate(wrong)


def test_it_is_no_classifier_that_anyone_can_call():
    """Loading it as the free ones are loaded is refused: sending without a ledger would cost money unseen."""
    with pytest.raises(ClassifierUnavailable, match="likelens run"):
        load("clarifai", ClarifaiOptions())


def test_knowing_the_kind_imports_no_grpc():
    """A run without the lane pays nothing for it."""
    code = "import sys, classifiers.registry; print(sorted({'grpc', 'clarifai_grpc'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
