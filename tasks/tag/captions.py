"""Servers with the OpenAI chat interface as a service of the stage tag."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from classifiers.caption.client import open_client
from classifiers.caption.options import CaptionOptions
from classifiers.caption.payload import payload
from classifiers.caption.responses import read_response
from classifiers.pictures import PictureSource
from classifiers.remote.client import Client
from classifiers.remote.outcomes import ExpectedOutput, Outcome, Status
from classifiers.remote.payload import Payload
from warehouse.records.charges import Model, newest_model
from warehouse.storage.lake import Lake


class CaptionService:
    """Any server with the OpenAI chat interface. A model's version is the hash of what it is asked for."""

    kind = "caption"
    trusts_ledger = True

    def name(self, options: CaptionOptions) -> str:
        """The server's address."""
        return f"The server {options.address.host}"

    def check_advice(self, options: CaptionOptions) -> str:
        """What to check if it does not respond."""
        return "that it runs, base_url and the network"

    def secret_name(self, options: CaptionOptions) -> str | None:
        """The environment variable in the settings."""
        return options.secret or None

    def models(self, options: CaptionOptions, current: Callable[[str], str]) -> tuple[Model, ...]:
        """The one model, by the server's name for it."""
        return (Model(current(options.model), options.prompt_version),)

    def known_version(self, lake: Lake, classifier: str, options: CaptionOptions, model_id: str) -> str:
        """The server's name of the model, as the classifier last used it; else the one in the settings."""
        names = (model_id, f"{model_id}:latest", f"models/{model_id}") if model_id else ()
        return newest_model(lake, classifier, options.prompt_version, names) or model_id

    def probes(self, options: CaptionOptions) -> Sequence[tuple[str, str]]:
        """None: the server's name of the model is checked already."""
        return ()

    def open_client(self, name: str, options: CaptionOptions, base: str | None, key: str | None) -> Client:
        """A client over HTTP. The settings have the address, so `base` has no effect."""
        return open_client(name, options, key)

    def payload(self, source: PictureSource, sha256: str, options: CaptionOptions) -> Payload:
        """A smaller JPEG without metadata."""
        return payload(source, sha256, options.longest_side)

    def expect(self, model: Model, options: CaptionOptions, orientations: Sequence[int]) -> ExpectedOutput:
        """A caption in the language of the settings."""
        return ExpectedOutput(False, options.top, tuple(orientations), options.language)

    def read_response(
        self, response: bytes | Status, expected: ExpectedOutput, redact: Callable[[str], str] = str
    ) -> list[Outcome]:
        """A sentence and labels, or why there is none."""
        return read_response(response, expected, redact)
