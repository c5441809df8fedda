"""The services that lanes send pictures to, by kind. To add one, write a class like these and list it in `SERVICES`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from classifiers.clarifai.client import open_client as open_clarifai
from classifiers.clarifai.options import KEY, ClarifaiOptions
from classifiers.clarifai.payload import payload as clarifai_payload
from classifiers.clarifai.responses import read_response as read_clarifai
from classifiers.pictures import PictureSource
from classifiers.remote.client import Client
from classifiers.remote.outcomes import ExpectedOutput, Outcome, Status
from classifiers.remote.payload import Payload
from tasks.tag.captions import CaptionService
from warehouse.records.charges import Model, newest_version
from warehouse.storage.lake import Lake


class Service(Protocol):
    """What the stage tag needs to know of a kind. `options` are always those of its kind."""

    kind: str
    trusts_ledger: bool
    """Whether a lane with nothing to send needs no request: the ledger has the names of its models."""

    def name(self, options: Any) -> str:
        """The service's name in a message, at the start of a sentence."""
        ...

    def check_advice(self, options: Any) -> str:
        """What to check if it does not respond."""
        ...

    def secret_name(self, options: Any) -> str | None:
        """The environment variable that has the key; None if it needs none."""
        ...

    def models(self, options: Any, current: Callable[[str], str]) -> tuple[Model, ...]:
        """The lane's models. `current` returns what the server has under the name of a model."""
        ...

    def known_version(self, lake: Lake, classifier: str, options: Any, model_id: str) -> str:
        """What `current` last returned, by the ledger; empty if it has nothing."""
        ...

    def probes(self, options: Any) -> Sequence[tuple[str, str]]:
        """Names and versions of the models, for a check that sends no picture."""
        ...

    def open_client(self, name: str, options: Any, base: str | None, key: str | None) -> Client:
        """A client. Raises `ClassifierUnavailable` without a usable key or base."""
        ...

    def payload(self, source: PictureSource, sha256: str, options: Any) -> Payload:
        """The bytes to send. Raises `UnreadablePicture`, and `OSError` if the file is missing or has changed."""
        ...

    def expect(self, model: Model, options: Any, orientations: Sequence[int]) -> ExpectedOutput:
        """What a request is for."""
        ...

    def read_response(
        self, response: bytes | Status, expected: ExpectedOutput, redact: Callable[[str], str] = str
    ) -> list[Outcome]:
        """Exactly one outcome per picture, in their order."""
        ...


class ClarifaiService:
    """Clarifai's models."""

    kind = "clarifai"
    trusts_ledger = False

    def name(self, options: ClarifaiOptions) -> str:
        """The service's name."""
        return "Clarifai"

    def check_advice(self, options: ClarifaiOptions) -> str:
        """What to check if it does not respond."""
        return "the network, base and CLARIFAI_GRPC_BASE"

    def secret_name(self, options: ClarifaiOptions) -> str | None:
        """The environment variable that has the key."""
        return KEY

    def models(self, options: ClarifaiOptions, current: Callable[[str], str]) -> tuple[Model, ...]:
        """The models; `current` gives the version of one where the settings have none."""
        return tuple(
            Model(model_id, options.version_of(model_id) or current(model_id), regions)
            for model_id, regions in ((options.model, False), (options.regions_model, True))
            if model_id
        )

    def known_version(self, lake: Lake, classifier: str, options: ClarifaiOptions, model_id: str) -> str:
        """The newest version in the ledger."""
        return newest_version(lake, model_id) or ""

    def probes(self, options: ClarifaiOptions) -> Sequence[tuple[str, str]]:
        """The models with the versions of the settings."""
        return [
            (one, options.version_of(one)) for one in filter(None, (options.model, options.regions_model))
        ]

    def open_client(self, name: str, options: ClarifaiOptions, base: str | None, key: str | None) -> Client:
        """A client over gRPC."""
        return open_clarifai(name, options, base, key)

    def payload(self, source: PictureSource, sha256: str, options: ClarifaiOptions) -> Payload:
        """The stored bytes, if Clarifai accepts them."""
        return clarifai_payload(source, sha256, options.longest_side, upright=options.upright)

    def expect(self, model: Model, options: ClarifaiOptions, orientations: Sequence[int]) -> ExpectedOutput:
        """Concepts or regions."""
        return ExpectedOutput(model.regions, options.top, tuple(orientations))

    def read_response(
        self, response: bytes | Status, expected: ExpectedOutput, redact: Callable[[str], str] = str
    ) -> list[Outcome]:
        """Clarifai's outputs as outcomes."""
        return read_clarifai(response, expected, redact)


SERVICES: dict[str, Service] = {one.kind: one for one in (ClarifaiService(), CaptionService())}


def service_of(options: object) -> Service:
    """The service that a classifier's options are for."""
    return SERVICES["clarifai" if isinstance(options, ClarifaiOptions) else "caption"]
