"""The key `home` and the table `[storage]`: a folder, or the URL of an object store with this machine's work folder."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from warehouse.errors import BadStore
from warehouse.home import Home
from warehouse.object_store.client import ObjectStore
from warehouse.object_store.connections import check_url

HOME_VARIABLE = "LIKELENS_HOME"
CACHE_VARIABLE = "LIKELENS_CACHE"
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_PLAIN = re.compile(r"[A-Za-z0-9]+://[A-Za-z0-9._/=-]*")
MAX_NAME = 60


def _check_endpoint(text: str) -> str:
    if text and not re.fullmatch(r"https?://[^/?#@\s]+(/[^?#@\s]*)?", text):
        raise PydanticCustomError(
            "endpoint",
            "write the address of the store's server, such as https://storage.example.org, without credentials",
        )
    return text.rstrip("/")


class StorageSettings(BaseModel):
    """The table `[storage]`: how a home in an object store is reached. Credentials come from the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cache: str = ""
    endpoint: Annotated[str, AfterValidator(_check_endpoint)] = ""
    region: str = Field(default="", max_length=100, pattern=r"^[A-Za-z0-9-]*$")


def open_home(home: str, storage: StorageSettings, folder: Path) -> Home:
    """The home that the settings name; paths in them are relative to `folder`. Raises `ValueError` for a bad URL."""
    if not is_url(home):
        return Home((folder / Path(home).expanduser()).resolve())
    try:
        check_url(home)
    except BadStore as error:
        raise PydanticCustomError("home", "{text}", {"text": str(error)}) from error
    url = home.rstrip("/")
    if not _PLAIN.fullmatch(url):
        raise PydanticCustomError(
            "home",
            "the folder of an object store has letters, digits and . _ - = / in its name, such as s3://BUCKET/likelens",
        )
    cache = storage.cache or os.environ.get(CACHE_VARIABLE) or str(_default_cache(url))
    work = (folder / Path(cache).expanduser()).resolve()
    return Home(work, ObjectStore(url, storage.endpoint, storage.region))


def is_url(home: str) -> bool:
    """Whether a home is in an object store, or meant to be."""
    return _URL.match(home) is not None


def home_variable() -> str | None:
    """Return the folder or URL that `LIKELENS_HOME` names; None when it is unset or empty."""
    home = os.environ.get(HOME_VARIABLE, "")
    if not home or is_url(home):
        return home or None
    return str(Path(home).expanduser().absolute())


def _default_cache(url: str) -> Path:
    """The work folder for a URL, below the user's folder for caches (XDG Base Directory Specification)."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    name = re.sub(r"[^A-Za-z0-9]+", "-", url.partition("://")[2]).strip("-")[:MAX_NAME]
    return caches / "likelens" / f"{name}-{hashlib.sha256(url.encode()).hexdigest()[:8]}"
