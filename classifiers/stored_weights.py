"""Whether Keras can have the weights of a model: stored by an earlier download, or with a server that responds.

Keras builds the model before it looks for the weights, which takes seconds, every night that has no network.
"""

from __future__ import annotations

import os
import re
import urllib.error
import urllib.request
from pathlib import Path

SERVER = "https://storage.googleapis.com/tensorflow/keras-applications/"
"""Where Keras downloads the weights of its models."""
_FOLDERS = ("~/.keras", "/tmp/.keras")  # noqa: S108 - Keras' own choice where the home folder is read-only


def require_weights(name: str) -> None:
    """Raise `OSError` where no file for the model is stored, and the server of the weights does not respond."""
    if _has_file(name):
        return
    try:
        urllib.request.urlopen(urllib.request.Request(SERVER, method="HEAD")).close()
    except urllib.error.HTTPError:
        return
    except urllib.error.URLError as error:
        raise OSError(str(error.reason)) from error


def _has_file(name: str) -> bool:
    folders = (Path(os.environ.get("KERAS_HOME", folder)).expanduser() / "models" for folder in _FOLDERS)
    return any(_plain(name) in _plain(file.name) for folder in folders for file in folder.glob("*"))


def _plain(name: str) -> str:
    """Letters and digits: the file of InceptionV3 begins with `inception_v3`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())
