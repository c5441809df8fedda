"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from flows.output import FORMATS
from flows.settings import DEFAULT_FILE

Command = TypeVar("Command", bound=Callable[..., Any])


def with_config(command: Command) -> Command:
    """Add the option --config to a command."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=DEFAULT_FILE,
        show_default=True,
        help="Settings file.",
    )(command)


def with_format(command: Command, formats: tuple[str, ...] = FORMATS) -> Command:
    """Add the option --format to a command."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats),
        default="table",
        show_default=True,
        help="Output format.",
    )(command)


def with_dry_run(command: Command) -> Command:
    """Add the option --dry-run to a command."""
    return click.option(
        "--dry-run", "dry", is_flag=True, help="Only print how many pictures would be sent, and the cost."
    )(command)
