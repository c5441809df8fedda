"""Requests to Clarifai's models, each with its deadline and its key, and no retry that nobody sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from clarifai_grpc.grpc.api import resources_pb2, service_pb2
from clarifai_grpc.grpc.api.status import status_pb2

from classifiers.clarifai.channel import open_channel
from classifiers.clarifai.options import ClarifaiOptions
from classifiers.clarifai.payload import Payload
from classifiers.clarifai.statuses import Reaction, Status, of_code, of_grpc
from classifiers.errors import ClassifierUnavailable

_SERVICE = service_pb2.DESCRIPTOR.services_by_name["V2"].full_name
PROBE_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and as whom Clarifai is asked. The key is in no text that this gives of itself."""

    base: str
    key: str = field(repr=False)


class Sent:
    """A request under way."""

    def __init__(self, call: Any, key: str) -> None:
        self._call = call
        self._key = key

    def when_done(self, then: Callable[[], None]) -> None:
        """Call `then` at the end of the request, whatever it is, in a thread of gRPC's."""
        self._call.add_done_callback(lambda _: then())

    def answer(self) -> bytes | Status:
        """The answer as it came, or why there is none. Waits for the end."""
        try:
            raw: bytes = self._call.result()
        except grpc.FutureCancelledError:
            return Status(Reaction.AGAIN, "CANCELLED", "")
        except grpc.RpcError as error:
            return of_grpc(error.code(), _without(self._key, error.details() or ""))
        return raw

    def cancel(self) -> None:
        """Give up waiting for the answer."""
        self._call.cancel()


class Client:
    """A connection to one server with one key. Its methods may be called from several threads."""

    def __init__(self, door: Endpoint, options: ClarifaiOptions) -> None:
        self._key = door.key
        self._channel = open_channel(door.base, options.certificates)
        self._metadata = (("authorization", f"Key {door.key}"),)
        self._options = options
        # Not V2Stub: it wants one of Clarifai's own channels first, and parses an answer before we can keep it.
        self._post = self._channel.unary_unary(
            f"/{_SERVICE}/PostModelOutputs",
            request_serializer=service_pb2.PostModelOutputsRequest.SerializeToString,
            response_deserializer=bytes,
        )
        self._get = self._channel.unary_unary(
            f"/{_SERVICE}/GetModel",
            request_serializer=service_pb2.GetModelRequest.SerializeToString,
            response_deserializer=service_pb2.SingleModelResponse.FromString,
        )

    def send(self, model_id: str, version: str, payloads: Sequence[Payload]) -> Sent:
        """Ask a model about pictures; this is what costs money. Returns at once."""
        request = _request(self._options, model_id, version, payloads)
        call = self._post.future(request, timeout=self._options.deadline_seconds, metadata=self._metadata)
        return Sent(call, self._key)

    def current_version(self, model_id: str, version: str = "") -> str:
        """The version of a model that the server has, which costs nothing to ask.

        Raises `ClassifierUnavailable` when the server, the key or the model is not as the settings say.
        """
        who = resources_pb2.UserAppIDSet(user_id=self._options.user, app_id=self._options.app)
        request = service_pb2.GetModelRequest(user_app_id=who, model_id=model_id, version_id=version)
        try:
            found = self._get(request, timeout=PROBE_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            raise _refused(model_id, of_grpc(error.code(), self.scrubbed(error.details() or ""))) from None
        status = of_code(found.status.code, self.scrubbed(_said(found.status)))
        if status.reaction is not Reaction.KEEP:
            raise _refused(model_id, status)
        return version or str(found.model.model_version.id)

    def scrubbed(self, text: str) -> str:
        """What a server said, without the key, should it say that."""
        return _without(self._key, text)

    def close(self) -> None:
        """End the connection, with whatever is under way."""
        self._channel.close()


def open_client(name: str, options: ClarifaiOptions, base: str | None, key: str | None) -> Client:
    """A client for the classifier called `name`. Raises `ClassifierUnavailable` when there is no usable key."""
    if not key:
        raise ClassifierUnavailable(
            f"The classifier {name} has no key. Put a Clarifai personal access token into the environment"
            " variable CLARIFAI_PAT, or into the Prefect Secret block clarifai-pat."
        )
    if not key.isascii() or not key.isprintable():
        raise ClassifierUnavailable(
            "The key in CLARIFAI_PAT has characters that no key has. Copy it again from Clarifai's settings."
        )
    return Client(Endpoint(base or options.base, key), options)


def _request(
    options: ClarifaiOptions, model_id: str, version: str, payloads: Sequence[Payload]
) -> service_pb2.PostModelOutputsRequest:
    config = resources_pb2.OutputConfig(max_concepts=options.top, min_value=options.min_score)
    return service_pb2.PostModelOutputsRequest(
        user_app_id=resources_pb2.UserAppIDSet(user_id=options.user, app_id=options.app),
        model_id=model_id,
        version_id=version,
        inputs=[
            resources_pb2.Input(data=resources_pb2.Data(image=resources_pb2.Image(base64=one.data)))
            for one in payloads
        ],
        model=resources_pb2.Model(output_info=resources_pb2.OutputInfo(output_config=config)),
    )


def _said(status: status_pb2.Status) -> str:
    return f"{status.description} {status.details}"


def _without(key: str, text: str) -> str:
    return text.replace(key, "…")


def _refused(model_id: str, status: Status) -> ClassifierUnavailable:
    if status.reaction is Reaction.STOP:
        return ClassifierUnavailable(f"{model_id}: {status.message}")
    return ClassifierUnavailable(
        f"Clarifai does not tell about the model {model_id} ({status}). Check the network, base and"
        f" CLARIFAI_GRPC_BASE, or try again later."
    )
