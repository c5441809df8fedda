"""The header User-Agent of every request: pages, robots.txt and pictures alike."""

from __future__ import annotations

NAME = "likelens"
"""How robots.txt knows us."""
USER_AGENT = "likelens/0.1"


def user_agent(contact: str) -> str:
    """The project, and the address that the setting `contact` names, where there is one."""
    return f"{USER_AGENT} (+{contact})" if contact else USER_AGENT
