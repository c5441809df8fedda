"""The stored labels of pictures, given by their bytes: what a classifier would say of the same bytes again."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import duckdb

_STORED_LABELS = """
    with needed as (select unnest($names::varchar[]) as classifier, unnest($versions::varchar[]) as version),
    asked as (select unnest($hashes::varchar[]) as sha256)
    select sha256, classifier, list(label order by region, rank)
    from labels semi join needed using (classifier, version) semi join asked using (sha256) group by all
    union all
    select distinct sha256, classifier, []::varchar[]
    from unlabelled semi join needed using (classifier, version) semi join asked using (sha256)
    where reason = 'no_labels'
"""


def stored_labels(
    database: duckdb.DuckDBPyConnection, hashes: Collection[str], classifiers: Mapping[str, str]
) -> dict[str, dict[str, list[str]]]:
    """The labels by classifier, each once, of those pictures that each of `classifiers` has labelled in its version.

    Pictures are given by the SHA-256 of their bytes. A picture for which a classifier has no label has an empty list.
    `database` is an open published database.
    """
    values = {
        "names": list(classifiers),
        "versions": list(classifiers.values()),
        "hashes": list(hashes),
    }
    found: dict[str, dict[str, list[str]]] = {}
    for sha256, classifier, labels in database.execute(_STORED_LABELS, values).fetchall():
        found.setdefault(sha256, {})[classifier] = list(dict.fromkeys(labels))
    return {sha256: labels for sha256, labels in found.items() if len(labels) == len(classifiers)}
