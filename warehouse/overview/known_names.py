"""Names in the published database that begin as a user has typed, for the completion of a shell."""

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
    "classifier": "select distinct classifier as name from current_labels",
    "label": "select distinct label as name from current_labels where $classifier is null or classifier = $classifier",
    "source": "select distinct source as name from posts",
}


def known_names(home: Home, kind: Kind, prefix: str, classifier: str | None = None) -> list[str]:
    """At most `MAX_NAMES` names in their order; labels are those of a classifier, or of all.

    Empty where the database can't be read. Raises `NotPublished` where there is none.
    """
    query = f"from ({_QUERIES[kind]}) where starts_with(name, $prefix) order by name limit {MAX_NAMES}"
    values = {"prefix": prefix} | ({"classifier": classifier} if kind == "label" else {})
    try:
        with published(home) as database:
            return [name for (name,) in database.execute(query, values).fetchall()]
    except duckdb.Error:
        return []
