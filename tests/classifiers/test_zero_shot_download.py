"""Models of a Hugging Face repository: downloaded once, used offline, and refused with what to do. The hub is a stand-in."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.zero_shot.download import is_repository_name
from classifiers.zero_shot.options import ZeroShotOptions, load

COMMIT = "3d74acf9a28c67741b2f4f2ea7635f0aaf6f0268"
MODEL = "made/tiny-clip"


def load_models() -> ModuleType:
    spec = importlib.util.spec_from_file_location("models", Path(__file__).with_name("zero_shot_models.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Hub:
    """What the stand-in has, and which requests it got."""

    def __init__(self, folder: Path) -> None:
        self.files = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in folder.rglob("*")
            if file.is_file()
        }
        self.requests: list[str] = []
        self.tokens: set[str | None] = set()
        self.needs_token = False

    def respond(self, method: str, path: str, token: str | None) -> tuple[int, dict[str, str], bytes]:
        self.requests.append(path)
        self.tokens.add(token)
        if MODEL not in path:
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        if self.needs_token and token is None:
            return 403, {"X-Error-Code": "GatedRepo"}, b"{}"
        if path.endswith("/revision/old") or path.startswith(f"/{MODEL}/resolve/old/"):
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        if path.startswith("/api/models/"):
            siblings = [{"rfilename": name, "size": len(data)} for name, data in self.files.items()]
            info = {"id": MODEL, "sha": COMMIT, "siblings": siblings, "private": False, "tags": []}
            return 200, {"Content-Type": "application/json"}, json.dumps(info).encode()
        name = path.removeprefix(f"/{MODEL}/resolve/").partition("/")[2]
        if name not in self.files:
            return 404, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": COMMIT}, b""
        data = self.files[name]
        etag = hashlib.sha256(data).hexdigest() if name.endswith(".onnx") else hashlib.sha1(data).hexdigest()  # noqa: S324 - Git's
        return 200, {"X-Repo-Commit": COMMIT, "ETag": f'"{etag}"'}, data


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub with one repository, and an empty cache."""
    (tmp_path / "repository").mkdir()
    load_models().write_model(tmp_path / "repository")
    (tmp_path / "repository" / "run_me.py").write_text("raise SystemExit")
    served = Hub(tmp_path / "repository")

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            path = unquote(urlsplit(self.path).path)
            status, headers, body = served.respond(self.command, path, self.headers.get("Authorization"))
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_GET = do_HEAD = _respond  # noqa: N815 - http.server calls them

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    use_hub(monkeypatch, f"http://127.0.0.1:{server.server_port}", tmp_path / "cache")
    yield served
    server.shutdown()
    server.server_close()


def use_hub(monkeypatch: pytest.MonkeyPatch, address: str, cache: Path) -> None:
    """huggingface_hub reads its settings when it is imported."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", address)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", address + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))
    monkeypatch.delenv("HF_TOKEN", raising=False)


def options(model: str = MODEL, **more: Any) -> ZeroShotOptions:
    """As the settings make them: the path becomes absolute."""
    made = ZeroShotOptions(model=Path(model), words=["red"], **more)
    return made.model_copy(update={"model": Path("/nowhere") / model})


@pytest.mark.parametrize("complete", [True, False], ids=["complete", "without a tokenizer's configuration"])
def test_a_model_is_downloaded_once_and_works_offline(
    complete: bool, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the files of the model are fetched, the version has the commit, and later loads send no request."""
    if not complete:
        del hub.files["tokenizer_config.json"]
    first = load("z", options())
    assert first.version.startswith(f"tiny-clip-{COMMIT[:8]}-")
    fetched = {path.rpartition("/resolve/main/")[2] or path for path in hub.requests}
    assert not any("run_me" in path for path in fetched)
    requests = len(hub.requests)
    assert load("z", options()).version == first.version
    assert len(hub.requests) == requests
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    assert load("z", options(revision=COMMIT)).version == first.version


def test_a_siglip_whose_scale_is_no_longer_set_gets_the_file_with_both_towers(
    hub: Hub, tmp_path: Path
) -> None:
    """The two files in the cache do not have the scale. A name that leads out of the repository is not requested."""
    models = load_models()
    for folder, combined in (("two", False), ("one", True)):
        hub.files |= Hub(models.write_model(tmp_path / folder, "siglip", combined=combined)).files
    hub.files["onnx/model.onnx_data/../../../../x"] = b"x"
    load("z", options(logit_scale=10.0, logit_bias=-1.0))
    assert not any("model.onnx" in path and "_model" not in path for path in hub.requests)
    load("z", options())
    assert any(path.endswith("/onnx/model.onnx") for path in hub.requests)
    assert not any(".." in path for path in hub.requests)


def test_a_damaged_file_of_the_cache_is_refused(hub: Hub, tmp_path: Path) -> None:
    """The cache names a model file by its SHA-256."""
    load("z", options())
    (file,) = (tmp_path / "cache").rglob("snapshots/*/onnx/text_model.onnx")
    file.resolve().write_bytes(file.read_bytes() + b"\0")
    with pytest.raises(ClassifierUnavailable, match=r"text_model.onnx is damaged: .*Delete"):
        load("z", options())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "made/unknown"}, "Hugging Face has no repository made/unknown, or it is private"),
        ({"revision": "old"}, "has no revision 'old'"),
        ({"variant": "fp16"}, "has no ONNX files of both towers of the variant 'fp16'"),
        ({"model": "models/a/b"}, "There is no folder /nowhere/models/a/b"),
    ],
)
def test_what_the_hub_does_not_have_is_named(hub: Hub, given: dict[str, Any], message: str) -> None:
    """A repository, a revision or a variant that does not exist; a path is never sent to the hub."""
    with pytest.raises(ClassifierUnavailable) as refused:
        load("z", options(**given))
    assert message in str(refused.value)


def test_a_gated_repository_asks_for_a_token(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """HF_TOKEN of the environment opens it."""
    hub.needs_token = True
    with pytest.raises(ClassifierUnavailable, match="HF_TOKEN in the environment"):
        load("z", options())
    monkeypatch.setenv("HF_TOKEN", "hf_made_up")
    assert load("z", options()).version.startswith("tiny-clip-")
    assert "Bearer hf_made_up" in hub.tokens


def test_without_a_network_the_message_says_what_to_do(
    hub: Hub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Nothing listens there, and the cache is empty."""
    use_hub(monkeypatch, "http://127.0.0.1:9", tmp_path / "empty")
    with pytest.raises(
        ClassifierUnavailable, match="Run once with a network connection, or set model to a folder"
    ):
        load("z", options())


def test_names_of_repositories() -> None:
    """A path that goes up, or has other parts, is none."""
    assert is_repository_name("Xenova/clip-vit-base-patch32")
    assert not any(
        is_repository_name(text) for text in ("clip", "./a/b", "../a", "a/b/c", "/a/b", "a/..b", "a b/c")
    )
