"""Which output a command that takes minutes has: a live view, log lines, or only its result."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Literal, TypeVar

import click

from flows.environment import terminal_is_dumb

Command = TypeVar("Command", bound=Callable[..., Any])
Output = Literal["view", "lines", "result"]
"""`view`: a live view, and the log in a file. `lines`: log lines on standard error. `result`: errors and one line of
result, and the log in a file."""


def with_output(command: Command) -> Command:
    """Add the options --quiet and --verbose to a command, as the arguments `quiet` and `verbose`."""
    verbose = click.option(
        "--verbose",
        "-v",
        is_flag=True,
        help="Print the log instead of the live view; without a terminal, as always.",
    )
    quiet = click.option("--quiet", "-q", is_flag=True, help="Print only errors and one line of result.")
    return quiet(verbose(command))


def choose_output(*, quiet: bool, verbose: bool) -> Output:
    """Choose the output of the options, and of what standard error is. Raises `click.UsageError` for both options."""
    if quiet and verbose:
        raise click.UsageError("--quiet and --verbose exclude each other. Leave one out.")
    if quiet:
        return "result"
    return "lines" if verbose or not shows_view() else "view"


def shows_view() -> bool:
    """Whether standard error is a terminal that can move its cursor."""
    return sys.stderr.isatty() and not terminal_is_dumb() and os.name == "posix"
