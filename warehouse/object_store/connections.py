"""obstore's clients for the URL of a store.

Credentials come from the environment, as obstore reads them: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`,
`GOOGLE_SERVICE_ACCOUNT`, `AZURE_STORAGE_ACCOUNT_KEY` and the like, or the role of the machine.
"""

from __future__ import annotations

import os
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from warehouse.errors import BadStore

if TYPE_CHECKING:
    from obstore.store import ObjectStore as Connection

SCHEMES = ("s3", "gs", "az", "file")
CONNECT_SECONDS = 10.0
_FIRST_BACKOFF = timedelta(seconds=0.1)
_MAX_BACKOFF = timedelta(seconds=10)
_MAX_RETRIES = 100
"""The time limit ends the retries."""


def connect(url: str, endpoint: str, region: str, timeout_seconds: float, retry_seconds: float) -> Connection:
    """The client of this process for the URL; no request is sent.

    With `retry_seconds` of 0 it does not repeat a request. Raises `BadStore` for a URL that is no store, and where
    obstore is missing.
    """
    # The process is part of the key, because a client of another process does not work after a fork.
    return _connect(url, endpoint, region, timeout_seconds, retry_seconds, os.getpid())


@lru_cache(maxsize=16)
def _connect(
    url: str, endpoint: str, region: str, timeout_seconds: float, retry_seconds: float, process: int
) -> Connection:
    check_url(url)
    try:
        from obstore import exceptions, store
    except ImportError as error:
        raise BadStore(
            f'home = "{url}" needs obstore, which is not installed. Run pip install "likelens[store]".'
        ) from error
    if url.startswith("file:"):
        return store.LocalStore.from_url(url, mkdir=True)
    options: Any = {
        "timeout": timedelta(seconds=timeout_seconds),
        "connect_timeout": timedelta(seconds=min(timeout_seconds, CONNECT_SECONDS)),
        "allow_http": endpoint.startswith("http://"),
    }
    retries: Any = {
        "max_retries": _MAX_RETRIES if retry_seconds else 0,
        "retry_timeout": timedelta(seconds=retry_seconds),
        "backoff": {"init_backoff": _FIRST_BACKOFF, "max_backoff": _MAX_BACKOFF, "base": 2},
    }
    config: Any = _config(url, endpoint, region)
    try:
        return store.from_url(url, config=config, client_options=options, retry_config=retries)
    except (ValueError, exceptions.BaseError) as error:
        reason = str(error).split("\n", 1)[0]
        raise BadStore(
            f"{url} can't be used as home: {reason}. Check home, endpoint and region in the settings."
        ) from error


def check_url(url: str) -> None:
    """Raise `BadStore` for a URL that names no bucket, or a kind of store that is unknown."""
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES or not (parts.netloc or parts.scheme == "file"):
        raise BadStore(
            f"{url} is not the URL of an object store. Write s3://BUCKET/FOLDER, gs://BUCKET/FOLDER or"
            " az://CONTAINER/FOLDER."
        )
    if parts.query or parts.fragment or "@" in parts.netloc:
        raise BadStore(
            f"{parts.scheme}://… has more than a bucket and a folder. Put credentials into the environment, such as"
            " AWS_ACCESS_KEY_ID, not into the URL."
        )


def _config(url: str, endpoint: str, region: str) -> dict[str, str]:
    scheme = urlsplit(url).scheme
    config: dict[str, str] = {}
    if endpoint:
        config[{"s3": "endpoint", "gs": "base_url", "az": "endpoint"}[scheme]] = endpoint
    if scheme == "s3" and region:
        config["region"] = region
    return config
