"""What the command line sets before it imports a command."""

from __future__ import annotations

import os

_DEFAULTS = {
    # Looking for plugins of pydantic reads the metadata of all installed packages, and likelens needs none.
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}


def set_defaults() -> None:
    """Set variables of the environment that are not set; pydantic reads its own when the first model is made."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
