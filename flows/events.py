"""Prefect events of a run, for automations."""

from __future__ import annotations

QUIET_SOURCE = "likelens.source.quiet"
"""A source without a new post for `quiet_days`; docs/operations.md has its payload."""
