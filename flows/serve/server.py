"""Where `likelens serve` listens: the table `[server]`, and who listens there already."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

from pydantic import BaseModel, ConfigDict, Field

from flows.errors import SettingsError
from flows.prefect_health import read_health

LOOPBACK = "127.0.0.1"
ALL_ADDRESSES = {"0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 - they are recognised here, not bound
"""All addresses of this machine, with the one that reaches it from itself: a server at `::` has no IPv4."""
RESPONSE_SECONDS = 5.0


class ServerSettings(BaseModel):
    """The table `[server]`: where the server of `likelens serve` listens, and the address that browsers use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default=LOOPBACK, pattern=r"^[A-Za-z0-9.:_-]+$", max_length=253)
    port: int = Field(default=4200, ge=1, le=65535)
    address: str = Field(default="", pattern=r"^(https?://[^\s/?#]+)?$", max_length=300)

    @property
    def browser_url(self) -> str:
        """The address for browsers. For a server on all addresses it has the name of this machine."""
        host = socket.gethostname() if self.host in ALL_ADDRESSES else self.host
        return self.address or f"http://{_bracket(host)}:{self.port}"

    @property
    def api_url(self) -> str:
        """The address for programs on this machine."""
        host = ALL_ADDRESSES.get(self.host, self.host)
        return f"http://{_bracket(host)}:{self.port}/api"


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def check_port(server: ServerSettings) -> None:
    """Raise `SettingsError` if the server can't listen at its host and port; the text says who does, where known."""
    family = socket.AF_INET6 if ":" in server.host else socket.AF_INET
    with closing(socket.socket(family)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((server.host, server.port))
        except OSError as error:
            raise SettingsError(_describe(server, error)) from error


def _describe(server: ServerSettings, error: OSError) -> str:
    place = f"port {server.port} of {server.host}"
    other = "Set another one, for example port = 4300 under [server] in the settings"
    if error.errno != errno.EADDRINUSE:
        return f"The server can't listen at {place}: {error.strerror or error}. Check host and port under [server]."
    if read_health(server.api_url, RESPONSE_SECONDS):
        return (
            f"A Prefect server already runs at {server.browser_url}. End it first, use it with"
            f" PREFECT_API_URL={server.api_url} (docs/operations.md has the steps), or run a second one. {other}."
        )
    return f"Another program uses {place}. {other}, or end that program."
