"""Pictures that lack labels of a classifier's version, or an embedding of its version, streamed from the lake."""

from __future__ import annotations

from collections.abc import Iterator

from warehouse.embeddings.vectors import EmbeddingBatch, read_embeddings
from warehouse.records.pending import StoredPicture, count_to_label, pictures_to_label
from warehouse.storage.lake import Lake

_LABELLED = """(select sha256 from labels where classifier = $1 and version = $2
                union all select sha256 from unlabelled where classifier = $1 and version = $2)"""
# A picture that can't be decoded never gets an embedding.
_EMBEDDED = """(select sha256 from embeddings where classifier = $1 and version = $3
                union all select sha256 from unlabelled
                where classifier = $1 and version = $2 and reason = 'unreadable')"""
_TO_LABEL_OR_EMBED = f"""
    select sha256, path, copy_sha256 from pictures
    semi join (select sha256 from pictures anti join {_LABELLED} using (sha256)
               union all select sha256 from pictures anti join {_EMBEDDED} using (sha256)) using (sha256)
"""


def count_to_process(
    lake: Lake, classifier: str, version: str, embedding_version: str | None, *, compare_all: bool = False
) -> int:
    """Number of stored pictures without labels of this version, or without an embedding of its version, if any."""
    if embedding_version is None:
        return count_to_label(lake, classifier, version, compare_all=compare_all)
    query = f"select count(*) from ({_TO_LABEL_OR_EMBED})"
    return lake.count(query, [classifier, version, embedding_version])


def pictures_to_process(
    lake: Lake,
    classifier: str,
    version: str,
    embedding_version: str | None,
    batch: int,
    *,
    compare_all: bool = False,
) -> Iterator[list[StoredPicture]]:
    """These pictures in batches, sorted by hash."""
    if embedding_version is None:
        yield from pictures_to_label(lake, classifier, version, batch, compare_all=compare_all)
        return
    query, last = f"{_TO_LABEL_OR_EMBED} where sha256 > $4 order by sha256 limit $5", ""
    # One query for each batch, because DuckDB holds a complete sorted result in memory.
    while rows := lake.query(query, [classifier, version, embedding_version, last, batch]):
        yield [StoredPicture(*row) for row in rows]
        if len(rows) < batch:
            return
        last = rows[-1][0]


def vectors_to_label(
    lake: Lake, classifier: str, version: str, vectors_of: tuple[str, str], batch: int
) -> Iterator[EmbeddingBatch]:
    """Stored embeddings of `vectors_of` (classifier, version) of the pictures without labels of this version."""
    condition = f"sha256 in (select sha256 from pictures anti join {_LABELLED} using (sha256))"
    yield from read_embeddings(lake, *vectors_of, condition, [classifier, version], batch)


def count_of_other_version(lake: Lake, classifier: str, version: str, vectors_of: tuple[str, str]) -> int:
    """Number of pictures without labels of this version that have only another version's embedding of `vectors_of`."""
    query = f"""
        select count(distinct sha256) from embeddings
        where classifier = $3 and version <> $4 and sha256 not in {_LABELLED}
          and sha256 in (select sha256 from pictures)
          and sha256 not in (select sha256 from embeddings where classifier = $3 and version = $4)"""
    return lake.count(query, [classifier, version, *vectors_of])


_UNREADABLE = f"""
    select sha256, min(message) from unlabelled
    where classifier = $3 and reason = 'unreadable' and sha256 not in {_LABELLED} group by sha256 order by sha256
"""


def pictures_without_pixels(
    lake: Lake, classifier: str, version: str, embedding_classifier: str, batch: int
) -> Iterator[list[tuple[str, str | None]]]:
    """Pictures without labels of this version that `embedding_classifier` can't decode, with its messages."""
    yield from lake.stream(_UNREADABLE, [classifier, version, embedding_classifier], batch)
