"""The errors of the flows."""

from __future__ import annotations

from tasks.errors import EXPECTED


class SettingsError(Exception):
    """The settings or the options can't be used; the text says what is wrong and how to fix it."""


EXPECTED_ERRORS: tuple[type[Exception], ...] = (SettingsError, *EXPECTED)
"""Errors that the user can fix; any other is a bug and shows its traceback."""
