"""Keys and tokens: from the environment, else from a Prefect Secret block; never from the settings file.

What is read here goes to the client that needs it, and nowhere else: no log, no error, no task parameter.
"""

from __future__ import annotations

import logging
import os
import sys

from flows.environment import has_server

logger = logging.getLogger(__name__)


def secret(name: str) -> str | None:
    """The secret that the environment variable `name` holds; None where there is none, or an empty one.

    Without the variable, the value of the Prefect Secret block of that name in lower case with dashes
    (`CLARIFAI_PAT`: the block `clarifai-pat`). Blocks are asked for only where a Prefect server is set or a
    flow is running: a command that just looks at things starts no server for it.
    """
    if value := os.environ.get(name, "").strip():
        return value
    if has_server() or _in_flow():
        return _from_block(block_name(name))
    return None


def block_name(name: str) -> str:
    """The name of the Secret block that stands for an environment variable."""
    return name.lower().replace("_", "-")


def _in_flow() -> bool:
    if "prefect.context" not in sys.modules:
        return False  # importing Prefect takes seconds, and without it no flow runs
    from prefect.context import FlowRunContext, TaskRunContext

    return FlowRunContext.get() is not None or TaskRunContext.get() is not None


def _from_block(name: str) -> str | None:
    from prefect.blocks.system import Secret

    try:
        block = Secret.load(name, _sync=True)  # type: ignore[call-arg]
    except ValueError:
        return None  # there is no such block
    except Exception as error:  # noqa: BLE001 - a server that is down, refuses us or answers nonsense
        # Without the error's text, which may quote an answer.
        logger.warning("Prefect could not be asked for its Secret block %s (%s)", name, type(error).__name__)
        return None
    # Not `get()`: it reads the value as JSON where it can, and a token of digits would become a number.
    assert isinstance(block, Secret)
    value = block.value.get_secret_value()
    return str(value).strip() or None
