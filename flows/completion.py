"""Values that a shell completes: names of classifiers, accounts, sources and labels.

They come from the published database and the settings of the command line. Where there are none, nothing is
completed: a completion must not print a message.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from click import Context, Parameter
from click.shell_completion import CompletionItem

from flows.errors import EXPECTED_ERRORS

if TYPE_CHECKING:
    from flows.settings import Settings
    from warehouse.overview.known_names import Kind

Complete = Callable[[Context, Parameter, str], list[CompletionItem]]


def complete(kind: Kind) -> Complete:
    """A function that completes a name in the published database; labels of `--classifier` where it is typed."""

    def names(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
        from warehouse.overview.known_names import known_names

        try:
            home = _settings(context).home
            found = known_names(home, kind, incomplete, context.params.get("classifier"))
        except EXPECTED_ERRORS:
            return []
        return [CompletionItem(name) for name in found if name.isprintable()]

    return names


def complete_lane(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem]:
    """Complete the name of a classifier of the settings, which may not have labels yet."""
    try:
        lanes = _settings(context).classifiers
    except EXPECTED_ERRORS:
        return []
    return [CompletionItem(lane.name, help=lane.kind) for lane in lanes if lane.name.startswith(incomplete)]


def _settings(context: Context) -> Settings:
    from flows.settings import DEFAULT_FILE, read_settings

    return read_settings(Path(context.params.get("config") or DEFAULT_FILE), sources=False)
