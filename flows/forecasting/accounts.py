"""The account of a forecast: the named one or the only one, and the nearest names for an unknown one."""

from __future__ import annotations

import duckdb

from flows.errors import SettingsError
from flows.printable import printable
from warehouse.overview.known_names import (
    count_account_posts,
    find_account_sources,
    nearest_accounts,
    stored_accounts,
)

MAX_LISTED = 5
FEW_POSTS = 30
"""Below so many posts a note says that the usual is not sure."""


def find_account(
    database: duckdb.DuckDBPyConnection, account: str | None, source: str | None
) -> tuple[str, str]:
    """Source and account, as posts have them. A leading @ is left out.

    Raises `SettingsError` for an unknown account, for one that several sources have, and without a name where several
    accounts are stored.
    """
    if account is None:
        return _only_account(database, source)
    name, sources = find_account_sources(database, account)
    if sources:
        return _choose_source(sources, name, source), name
    near = nearest_accounts(database, account.removeprefix("@"), MAX_LISTED)
    if not near:
        raise SettingsError("No posts are stored yet. Run `likelens run` first.")
    raise SettingsError(
        f"No posts of an account {printable(account)!r} are stored. The nearest names: {', '.join(map(printable, near))}."
    )


def describe_few_posts(database: duckdb.DuckDBPyConnection, source: str, account: str) -> list[str]:
    """A sentence for an account whose usual rests on few posts."""
    number = count_account_posts(database, source, account)
    if number >= FEW_POSTS:
        return []
    posts = f"1 post of {account} is" if number == 1 else f"{number} posts of {account} are"
    return [f"Only {posts} stored: its usual, the median of the last ten, rests on few posts."]


def _only_account(database: duckdb.DuckDBPyConnection, source: str | None) -> tuple[str, str]:
    stored = stored_accounts(database, source, MAX_LISTED + 1)
    if len(stored) == 1:
        return stored[0]
    if not stored:
        where = f" from the source {source!r}" if source else ""
        raise SettingsError(f"No posts are stored{where}. Run `likelens run` first, or check the name.")
    some = ", ".join(printable(name) for _, name in stored[:MAX_LISTED])
    more = ", …" if len(stored) > MAX_LISTED else ""
    raise SettingsError(f"Name the account with --account, because several are stored: {some}{more}.")


def _choose_source(sources: list[str], account: str, source: str | None) -> str:
    listed = ", ".join(sources)
    if source is not None:
        if source not in sources:
            raise SettingsError(
                f"The source {source!r} has no posts of {printable(account)}. These have some: {listed}."
            )
        return source
    if len(sources) > 1:
        raise SettingsError(
            f"Several sources have posts of {printable(account)}: {listed}. Name one with --source."
        )
    return sources[0]
