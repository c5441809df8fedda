"""PostgreSQL in place of SQLite for the server of `likelens serve`."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from flows.environment import server_database
from flows.errors import SettingsError

VARIABLE = "LIKELENS_SERVER_DATABASE"
_DRIVER = "postgresql+asyncpg"
_CONNECT_SECONDS = 15.0
MIN_VERSION = 14
_RIGHTS = """select current_user, current_database(),
                    coalesce(has_schema_privilege(current_schema(), 'create'), false)"""


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
    """Connect once, and check what Prefect needs there. Raises `SettingsError` with the reason."""
    try:
        import asyncpg
    except ImportError as error:
        raise SettingsError(
            f"{VARIABLE} needs the package asyncpg, a part of Prefect that is not installed here. Install it:"
            " pip install asyncpg"
        ) from error
    try:
        problem = asyncio.run(_find_problem(url.replace(_DRIVER, "postgresql", 1)))
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        reason = str(error) or type(error).__name__
        raise SettingsError(
            f"The database of {VARIABLE} can't be used: {reason}. Check its host, name, user and password."
        ) from error
    if problem:
        raise SettingsError(f"The database of {VARIABLE} can't be used: {problem}.")


async def _find_problem(url: str) -> str:
    """What Prefect's tables need and this database lacks; empty if it has all."""
    import asyncpg

    connection = await asyncpg.connect(url, timeout=_CONNECT_SECONDS)
    try:
        version = connection.get_server_version()
        if version.major < MIN_VERSION:
            return f"it is PostgreSQL {version.major}, and Prefect needs {MIN_VERSION} or newer"
        if not await connection.fetchval(
            "select count(*) from pg_available_extensions where name = 'pg_trgm'"
        ):
            return (
                "its server has no extension pg_trgm. Install the additional modules of PostgreSQL (contrib)"
            )
        user, name, may_create = await connection.fetchrow(_RIGHTS)
        if not may_create:
            return f'the user may not create tables there. As an administrator: alter database "{name}" owner to "{user}"'
        return ""
    finally:
        await connection.close()
