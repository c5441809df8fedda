"""The automations that `likelens serve` keeps at its server: runs that were killed, and notifications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.night_report import QUIET_SOURCE

FLOWS = ("nightly", "relabel", "maintenance", "train_forecast")
BLOCK = "likelens-notify"
"""The Webhook block with the address of the notifications."""
QUIET_DAYS = 7
"""A source that stays quiet is notified once in so many days."""

MAX_MESSAGE = 1500
"""Characters of a run's message in a notification; Discord refuses texts above 2,000."""

_RUN_TEXT = (
    "'likelens: ' ~ flow_run.name ~ ' is ' ~ flow_run.state.name ~ '. '"
    f" ~ (flow_run.state.message or '')|truncate({MAX_MESSAGE}) ~ ' ' ~ flow_run|ui_url"
)
_QUIET_TEXT = "'likelens: ' ~ event.payload.message"
"""Expressions of Jinja, which the server fills in."""


def crashed_runs() -> list[dict[str, Any]]:
    """The automation of `automations.json`."""
    automations: list[dict[str, Any]] = json.loads(
        Path(__file__).with_name("automations.json").read_text("utf-8")
    )
    return automations


def notifications(block_id: str) -> list[dict[str, Any]]:
    """The automations that call the webhook: for a run that is not complete, and for a quiet source."""
    failed = {
        "posture": "Reactive",
        "expect": [f"prefect.flow-run.{state}" for state in ("Failed", "Crashed", "TimedOut", "Incomplete")],
        "match": {"prefect.resource.id": "prefect.flow-run.*"},
        "match_related": {"prefect.resource.role": "flow", "prefect.resource.name": list(FLOWS)},
        "for_each": ["prefect.resource.id"],
    }
    quiet = {
        "posture": "Reactive",
        "expect": [QUIET_SOURCE],
        "for_each": ["prefect.resource.id"],
        "within": QUIET_DAYS * 24 * 3600,
    }
    return [
        _notification("likelens: notify of a failed night", failed, _RUN_TEXT, block_id),
        _notification("likelens: notify of a quiet source", quiet, _QUIET_TEXT, block_id),
    ]


def _notification(name: str, trigger: dict[str, Any], text: str, block_id: str) -> dict[str, Any]:
    # Slack and Mattermost read `text`, Discord reads `content`. A message may quote a page, so it calls nobody: Slack's
    # mentions and links begin with <, the others' with @.
    value = f"{{{{ ({text})|replace('<', '‹')|replace('@', '＠')|tojson }}}}"
    return {
        "name": name,
        "description": f"Made by `likelens serve --notify`. The address is in the block {BLOCK}.",
        "enabled": True,
        "trigger": {"type": "event", "threshold": 1, **trigger},
        "actions": [
            {
                "type": "call-webhook",
                "block_document_id": block_id,
                "payload": f'{{"text": {value}, "content": {value}}}',
            }
        ],
    }
