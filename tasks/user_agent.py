"""The User-Agent header of all requests: pages, robots.txt and pictures."""

from __future__ import annotations

NAME = "likelens"
"""Our name in robots.txt."""
USER_AGENT = "likelens/0.1"


def user_agent(contact: str) -> str:
    """The header's value: the project, and the address in the setting `contact` if there is one."""
    return f"{USER_AGENT} (+{contact})" if contact else USER_AGENT
