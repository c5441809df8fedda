"""The stored labels of pictures, given by their bytes: what a classifier would say of the same bytes again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import duckdb

_ROWS_OF_PICTURE = 20
"""Rows of labels that are read for each needed picture: most have five, and some pictures are left out."""
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

_LABELLED_PICTURES = """
    with chosen as (
        select sha256, path from pictures
        where copy_sha256 is null and sha256 in (
            select sha256 from labels where classifier = $classifier and version = $version order by sha256 limit $rows)),
    found as (
        select sha256, list({'label': label, 'score': score} order by rank) as labels
        from labels semi join chosen using (sha256)
        where classifier = $classifier and version = $version and region = 0 group by sha256)
    select path, labels from chosen join found using (sha256) order by sha256 limit $pictures
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


def labelled_pictures(
    database: duckdb.DuckDBPyConnection, classifier: str, version: str, most: int
) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Stored pictures that a classifier's version has labelled: the file's path, and labels with scores, best first.

    Those with a smaller copy are left out: the classifier may have labelled the fetched file. They are in the order of
    their hashes, which is no order of what they show. `database` is an open published database.
    """
    values = {"classifier": classifier, "version": version, "pictures": most, "rows": most * _ROWS_OF_PICTURE}
    for path, labels in database.execute(_LABELLED_PICTURES, values).fetchall():
        yield path, [(label["label"], label["score"]) for label in labels]
