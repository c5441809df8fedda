"""The views and macros of embeddings in the published database."""

from __future__ import annotations

from warehouse.embeddings.codes import BITS, COLUMNS
from warehouse.schema.sql_types import Macro, View

CANDIDATES = 50
"""DuckDB skips the row groups that no candidate is in, up to so many (`dynamic_or_filter_threshold`)."""

EMBEDDING_VERSIONS = """select lane as classifier, arg_max(version, started_at) as version from (
    select lane, started_at, nullif(regexp_extract(counts, '"embedding_version": "([^"]*)"', 1), '') as version
    from runs where stage = 'classify') where version is not null group by lane"""

EMBEDDING_VIEWS = (
    View(
        "embedding_versions",
        EMBEDDING_VERSIONS,
        "The version of each classifier's embeddings that a run last stored",
        {"classifier": "Name of the classifier in the settings", "version": "Current version"},
    ),
)


def candidates(distance: str, count: str) -> str:
    """A query for the hashes of the `count` pictures with the smallest distance between codes; needs `chosen`."""
    return f"""select codes.sha256, {distance} as distance
               from embedding_codes as codes join chosen using (classifier, version)
               order by distance, codes.sha256 limit {count}"""


def hamming(column: str) -> str:
    """An SQL expression for the number of differing bits; `column` has the place of its name as {}."""
    bits = (f"bit_count(xor(codes.{name}, {column.format(name)}))::smallint" for name in COLUMNS)
    return " + ".join(bits)


# The cosine of a vector of zeros is not a number, which DuckDB sorts before all others. A condition on it before the
# ranking would be computed for vectors of other versions too, which have other lengths.
_SIMILAR = f"""
    with chosen as (
        select picture.* from embedding_codes as picture join embedding_versions using (classifier, version)
        where picture.sha256 = sha256_of_picture
          and (classifier_name is null or picture.classifier = classifier_name)
        order by picture.classifier limit 1),
    found as ({candidates(hamming("chosen.{}"), "greatest(n * 2, " + str(CANDIDATES) + ")")}),
    given as (select vector from embeddings semi join chosen using (sha256, classifier, version))
    select row_number() over (order by isnan(similarity), similarity desc, sha256) as rank, similarity, sha256,
           classifier, path
    from (
        select embeddings.sha256, embeddings.classifier,
               list_cosine_similarity(embeddings.vector, (select vector from given)) as similarity
        from embeddings join chosen using (classifier, version)
        where embeddings.sha256 in (select sha256 from found))
    join pictures using (sha256)
    where sha256 <> sha256_of_picture
    qualify rank <= n and not isnan(similarity) order by rank"""

EMBEDDING_MACROS = (
    Macro(
        "similar_pictures",
        "sha256_of_picture, n := 20, classifier_name := null",
        _SIMILAR,
        "Pictures that look like one, by the cosine of their embeddings, from -1 to 1: similar_pictures('3f…', n := 20)."
        f" Candidates are the {CANDIDATES} (or 2 n) pictures whose codes of {BITS:,} bits differ least. classifier_name"
        " chooses the embeddings; without it the first classifier by name that has one of the picture",
    ),
)
