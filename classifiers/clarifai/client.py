"""Requests to Clarifai's models, each with a deadline and the key, and without hidden retries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import grpc
from clarifai_grpc.grpc.api import resources_pb2, service_pb2

from classifiers.clarifai.channel import open_channel
from classifiers.clarifai.options import ClarifaiOptions
from classifiers.clarifai.statuses import status_of_code, status_of_grpc
from classifiers.errors import ClassifierUnavailable
from classifiers.remote.outcomes import Reaction, Status
from classifiers.remote.payload import Payload

_SERVICE = service_pb2.DESCRIPTOR.services_by_name["V2"].full_name
PROBE_SECONDS = 15.0


class PendingResponse:
    """A request in flight."""

    def __init__(self, call: Any, key: str) -> None:
        self._call = call
        self._key = key

    def when_done(self, then: Callable[[], None]) -> None:
        """Call `then` in one of gRPC's threads when the request ends, with or without a response."""
        self._call.add_done_callback(lambda _: then())

    def receive(self) -> bytes | Status:
        """Wait for the end of the request; return the raw response, or the status if there is none."""
        try:
            raw: bytes = self._call.result()
        except grpc.FutureCancelledError:
            return Status(Reaction.AGAIN, "CANCELLED", "")
        except grpc.RpcError as error:
            return status_of_grpc(error.code(), _redact(self._key, error.details() or ""))
        return raw

    def cancel(self) -> None:
        """Cancel the request."""
        self._call.cancel()


class Client:
    """A connection to the server at `base` with one key. Several threads may call its methods."""

    def __init__(self, base: str, key: str, options: ClarifaiOptions) -> None:
        self._key = key
        self._channel = open_channel(base, options.certificates)
        self._metadata = (("authorization", f"Key {key}"),)
        self._options = options
        # Not V2Stub: it needs one of Clarifai's channels, and parses a response before we can store it.
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

    def send(self, model_id: str, version: str, payloads: Sequence[Payload]) -> PendingResponse:
        """Send pictures to a model, which costs money. Returns at once."""
        request = _request(self._options, model_id, version, payloads)
        call = self._post.future(request, timeout=self._options.deadline_seconds, metadata=self._metadata)
        return PendingResponse(call, self._key)

    def current_version(self, model_id: str, version: str = "") -> str:
        """The version of a model on the server. The request costs nothing.

        Raises `ClassifierUnavailable` if the server, the key or the model of the settings does not work.
        """
        user_app_id = resources_pb2.UserAppIDSet(user_id=self._options.user, app_id=self._options.app)
        request = service_pb2.GetModelRequest(user_app_id=user_app_id, model_id=model_id, version_id=version)
        try:
            response = self._get(request, timeout=PROBE_SECONDS, metadata=self._metadata)
        except grpc.RpcError as error:
            status = status_of_grpc(error.code(), self.redact_texts(error.details() or ""))
            raise _unavailable(model_id, status) from None
        text = f"{response.status.description} {response.status.details}"
        status = status_of_code(response.status.code, self.redact_texts(text))
        if status.reaction is not Reaction.KEEP:
            raise _unavailable(model_id, status)
        return version or str(response.model.model_version.id)

    def redact_texts(self, text: str) -> str:
        """A server's text without the key."""
        return _redact(self._key, text)

    def close(self) -> None:
        """Close the connection and cancel all requests in flight."""
        self._channel.close()


def open_client(name: str, options: ClarifaiOptions, base: str | None, key: str | None) -> Client:
    """A client for the classifier called `name`. Raises `ClassifierUnavailable` without a usable key."""
    if not key:
        raise ClassifierUnavailable(
            f"The classifier {name} has no key. Put a Clarifai personal access token into the environment"
            " variable CLARIFAI_PAT, or into the Prefect Secret block clarifai-pat."
        )
    if not key.isascii() or not key.isprintable():
        raise ClassifierUnavailable(
            "The key in CLARIFAI_PAT has invalid characters. Copy it again from Clarifai's settings."
        )
    return Client(base or options.base, key, options)


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


def _redact(key: str, text: str) -> str:
    return text.replace(key, "…")


def _unavailable(model_id: str, status: Status) -> ClassifierUnavailable:
    if status.reaction is Reaction.STOP:
        return ClassifierUnavailable(f"{model_id}: {status.message}")
    return ClassifierUnavailable(
        f"Clarifai returns no version of the model {model_id} ({status}). Check the network, base and"
        f" CLARIFAI_GRPC_BASE, or run again later."
    )
