"""PostgreSQL in place of SQLite for the server of `likelens serve`."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from flows.environment import server_database
from flows.errors import SettingsError

VARIABLE = "LIKELENS_SERVER_DATABASE"
_DRIVER = "postgresql+asyncpg"
_CONNECT_SECONDS = 15.0


def database_url() -> str | None:
    """The database of `LIKELENS_SERVER_DATABASE`, with the driver that Prefect needs; None for SQLite.

    Raises `SettingsError` if it is no address of PostgreSQL. No message has its password.
    """
    given = server_database()
    if given is None:
        return None
    scheme, separator, rest = given.partition("://")
    if not separator or scheme not in ("postgresql", "postgres", _DRIVER) or not _has_name(rest):
        raise SettingsError(
            f"{VARIABLE} has to be like postgresql://user:password@host:5432/prefect, with the name of a database."
        )
    return f"{_DRIVER}://{rest}"


def _has_name(rest: str) -> bool:
    try:
        parts = urlsplit(f"//{rest}")
        return bool(parts.path.strip("/")) and parts.port != 0
    except ValueError:
        return False


def check_database(url: str) -> None:
    """Connect once. Raises `SettingsError` with the reason."""
    import asyncpg

    async def connect() -> None:
        connection = await asyncpg.connect(url.replace(_DRIVER, "postgresql", 1), timeout=_CONNECT_SECONDS)
        await connection.close()

    try:
        asyncio.run(connect())
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise SettingsError(
            f"The database of {VARIABLE} can't be used: {reason}. Check its host, name, user and password."
        ) from error
