"""Keys and tokens: from the environment, else from a Prefect Secret block; never from the settings file.

A secret goes to the client that needs it and nowhere else: not to a log, an error or a task parameter.
"""

from __future__ import annotations

import logging
import os
import sys

from flows.environment import has_server

logger = logging.getLogger(__name__)


def secret(name: str) -> str | None:
    """Return the secret in the environment variable `name`; None when it is unset or empty.

    Without the variable, return the value of the Prefect Secret block of that name in lower case with dashes
    (`CLARIFAI_PAT`: the block `clarifai-pat`). Blocks are read only with a configured Prefect server or in a
    running flow, so that other commands start no server.
    """
    if value := os.environ.get(name, "").strip():
        return value
    if has_server() or _in_flow():
        return _read_block(block_name(name))
    return None


def block_name(name: str) -> str:
    """Return the name of the Secret block for an environment variable."""
    return name.lower().replace("_", "-")


def _in_flow() -> bool:
    if "prefect.context" not in sys.modules:
        return False  # without Prefect no flow runs, and importing it takes seconds
    from prefect.context import FlowRunContext, TaskRunContext

    return FlowRunContext.get() is not None or TaskRunContext.get() is not None


def _read_block(name: str) -> str | None:
    from prefect.blocks.system import Secret

    try:
        block = Secret.load(name, _sync=True)  # type: ignore[call-arg]
    except ValueError:
        return None  # there is no such block
    except Exception as error:  # noqa: BLE001 - the server is down, refuses the request or sends an invalid response
        # The error's text may quote a response, so only its type is logged.
        logger.warning("The Prefect Secret block %s can't be read (%s)", name, type(error).__name__)
        return None
    # `get()` would parse the value as JSON, and turn a token of digits into a number.
    assert isinstance(block, Secret)
    value = block.value.get_secret_value()
    return str(value).strip() or None
