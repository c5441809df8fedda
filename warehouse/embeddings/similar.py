"""Pictures that look like one, by a vector: candidates by their codes, then the exact cosine of these."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from warehouse.embeddings.codes import COLUMNS, encode
from warehouse.embeddings.sql import candidates, hamming
from warehouse.schema.sql_types import quote

MIN_CANDIDATES = 100
CANDIDATES_PER_RESULT = 5


@dataclass(frozen=True, slots=True)
class SimilarQuery:
    """The `top` pictures whose embeddings of this classifier and version are closest to `vector`.

    `without` is a picture that is left out: the one that the vector belongs to.
    """

    classifier: str
    version: str
    vector: NDArray[np.float16]
    top: int
    without: str | None = None


def find_similar(database: duckdb.DuckDBPyConnection, query: SimilarQuery) -> pl.DataFrame:
    """Rank, similarity (the cosine, -1 to 1), hash, post, account, likes and path of each similar picture, best first.

    Of the posts that show a picture it is the one with the most likes. `database` is the published one.
    """
    count = max(MIN_CANDIDATES, CANDIDATES_PER_RESULT * query.top)
    # With so many values, DuckDB skips the row groups that have none of them.
    database.execute(f"set dynamic_or_filter_threshold = {count}")
    [code] = encode(query.vector[np.newaxis])
    bits = dict(zip(COLUMNS, code.tolist(), strict=True))
    distance = hamming("{}")
    for name in COLUMNS:
        distance = distance.replace(f"codes.{name}, {name})", f"codes.{name}, {bits[name]}::bigint)")
    sql = f"""
        with chosen as (select {quote(query.classifier)} as classifier, {quote(query.version)} as version),
        found as ({candidates(distance, str(count))}),
        nearest as (
            select embeddings.sha256, list_cosine_similarity(embeddings.vector, ?::float[]) as similarity
            from embeddings join chosen using (classifier, version)
            where embeddings.sha256 in (select sha256 from found) and sha256 is distinct from ?
            order by isnan(similarity), similarity desc, sha256 limit ?),
        shown as (
            select post_pictures.sha256, post.source, post.post_id, account, likes, url
            from post_pictures join posts as post using (source, post_id)
            left join latest_observations using (source, post_id)
            where post_pictures.sha256 in (select sha256 from nearest)
            qualify row_number() over (partition by post_pictures.sha256
                                       order by likes desc nulls last, post.source, post.post_id) = 1)
        select row_number() over (order by similarity desc, sha256) as rank, similarity, sha256,
               source, post_id, account, likes, url, path
        from nearest left join shown using (sha256) left join pictures using (sha256)
        where not isnan(similarity) order by rank"""
    values = [query.vector.astype(np.float32).tolist(), query.without, query.top]
    frame: pl.DataFrame = database.sql(sql, params=values).pl()
    return frame
