"""Names in the published database: those that begin as a user has typed, and accounts by their name."""

from __future__ import annotations

from typing import Literal

import duckdb

from warehouse.home import Home
from warehouse.published import published

Kind = Literal["account", "classifier", "label", "source"]
MAX_NAMES = 200
"""More would not help: the user types another letter."""

_QUERIES: dict[Kind, str] = {
    "account": "select distinct account as name from posts",
    "classifier": "select distinct classifier as name from label_sums",
    "label": """select distinct label as name from label_sums
                where not grouped and ($classifier is null or classifier = $classifier)""",
    "source": "select distinct source as name from posts",
}


def known_names(home: Home, kind: Kind, prefix: str, classifier: str | None = None) -> list[str]:
    """At most `MAX_NAMES` names in their order; labels are those that posts have of a classifier, or of all.

    Empty where the database can't be read. Raises `NotPublished` where there is none.
    """
    query = f"from ({_QUERIES[kind]}) where starts_with(name, $prefix) order by name limit {MAX_NAMES}"
    values = {"prefix": prefix} | ({"classifier": classifier} if kind == "label" else {})
    try:
        with published(home) as database:
            return [name for (name,) in database.execute(query, values).fetchall()]
    except duckdb.Error:
        return []


def sources_of_account(database: duckdb.DuckDBPyConnection, account: str) -> list[str]:
    """The sources with posts of an account."""
    query = "select distinct source from posts where account = $1 order by source"
    return [source for (source,) in database.execute(query, [account]).fetchall()]


def find_account_sources(database: duckdb.DuckDBPyConnection, account: str) -> tuple[str, list[str]]:
    """The account as posts have it, without a leading @ where only that name has posts, and its sources, if any."""
    for name in (account, account.removeprefix("@")):
        if sources := sources_of_account(database, name):
            return name, sources
    return account, []


def count_account_posts(database: duckdb.DuckDBPyConnection, source: str, account: str) -> int:
    """The number of stored posts of an account."""
    query = "select count(*) from posts where source = $1 and account = $2"
    [(number,)] = database.execute(query, [source, account]).fetchall()
    return int(number)


def stored_accounts(
    database: duckdb.DuckDBPyConnection, source: str | None, most: int
) -> list[tuple[str, str]]:
    """Source and name of accounts with posts, at most so many, those with most posts first."""
    query = """select source, account from posts where $1 is null or source = $1
               group by all order by count(*) desc, source, account limit $2"""
    rows = database.execute(query, [source, most]).fetchall()
    return [(str(one), str(account)) for one, account in rows]


def nearest_accounts(database: duckdb.DuckDBPyConnection, name: str, most: int) -> list[str]:
    """The stored accounts whose names are most like a name, by Jaro-Winkler similarity, the nearest first."""
    query = """select account from (select distinct account from posts)
               order by jaro_winkler_similarity(lower(account), lower($1)) desc, account limit $2"""
    return [account for (account,) in database.execute(query, [name, most]).fetchall()]
