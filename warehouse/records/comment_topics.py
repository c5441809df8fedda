"""Comments for topics: what topics are found in, the comments that wait for one, and stored topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from warehouse.schema.comment_tables import Topic
from warehouse.schema.current_reader import CURRENT_READER
from warehouse.schema.sql_types import quote
from warehouse.storage.lake import Lake

MAX_LENGTH = 1_000
"""Characters of a comment that count."""


@dataclass(frozen=True, slots=True)
class TopicComment:
    """A comment that may have a topic, as the newest reader read it. `topic` is the stored one, or None.

    `author` is the stored value; where authors are not stored, the comments under a post count as those of one.
    """

    source: str
    post_id: str
    comment_id: str
    author: str
    language: str
    text_digest: str
    text: str
    topic: str | None = None


_READABLE = f"""
    select source, post_id, comment_id, language, text_digest from comment_readings
    where version = {CURRENT_READER} and not spam and language is not null"""
"""The comments that may have a topic: no spam, and in a known language, so not of emoji alone."""
_COLUMNS = f"""
    source, post_id, comment_id, coalesce(author, 'post ' || source || ' ' || post_id), readable.language,
    readable.text_digest, left(text, {MAX_LENGTH})"""
_IDS = "source, post_id, comment_id"
_WITH_MODELS = f"""
    with models as (select unnest($1) as language, unnest($2) as version),
    readable as (select readable.*, version from ({_READABLE}) as readable join models using (language))"""
_PENDING = f"""{_WITH_MODELS}
    select {_COLUMNS} from readable join comments using ({_IDS})
    anti join (select {_IDS}, text_digest, version from comment_topics) as placed
      on readable.source = placed.source and readable.post_id = placed.post_id
     and readable.comment_id = placed.comment_id and readable.text_digest = placed.text_digest
     and readable.version = placed.version
    where text is not null"""


def newest_reader(lake: Lake) -> str | None:
    """The version of the reader that the last complete run had; None if no comment was read."""
    [(version,)] = lake.query(f"select {CURRENT_READER}")
    return None if version is None else str(version)


def count_by_language(lake: Lake) -> dict[str, int]:
    """Numbers of comments that may have a topic by language, the largest first."""
    rows = lake.query(f"select language, count(*) from ({_READABLE}) group by language order by 2 desc, 1")
    return {str(language): int(count) for language, count in rows}


def sample_comments(lake: Lake, language: str, count: int) -> list[TopicComment]:
    """Comments in a language, the `count` with the smallest hashes of their ids, in that order.

    Hashes are as good as random, so the choice favours no comment, and changes little when there are more.
    """
    rows = lake.query(
        f"""select {_COLUMNS}, placed.topic from ({_READABLE}) as readable join comments using ({_IDS})
            left join (select {_IDS}, topic from comment_topics) as placed using ({_IDS})
            where text is not null and readable.language = $1
            order by md5(source || chr(10) || post_id || chr(10) || comment_id), {_IDS} limit $2""",
        [language, count],
    )
    return [TopicComment(*row) for row in rows]


def count_pending(lake: Lake, versions: Mapping[str, str]) -> int:
    """Number of comments without a topic of these versions, which are by language."""
    return lake.count(f"select count(*) from ({_PENDING})", [list(versions), list(versions.values())])


def pending_comments(lake: Lake, versions: Mapping[str, str], batch: int) -> Iterator[list[TopicComment]]:
    """These comments in batches; the tables stay at their current version meanwhile."""
    for rows in lake.stream(_PENDING, [list(versions), list(versions.values())], batch):
        yield [TopicComment(*row) for row in rows]


def delete_outdated(lake: Lake, versions: Mapping[str, str]) -> None:
    """Delete what is stored of comments that are now spam, in another language, or gone, and topics of older versions."""
    values = [list(versions), list(versions.values())]
    gone = lake.query(
        f"""{_WITH_MODELS} select source, comment_id from comment_topics
            anti join readable using (source, post_id, comment_id, language)""",
        values,
    )
    for source in sorted({source for source, _ in gone}):
        ids = [comment_id for one, comment_id in gone if one == source]
        lake.delete("comment_topics", "comment_id", ids, f"source = {quote(source)}")
    old = lake.query(
        f"{_WITH_MODELS} select topic from topics anti join models using (language, version)", values
    )
    lake.delete("topics", "topic", [topic for (topic,) in old])


def stored_topics(lake: Lake, language: str) -> list[Topic]:
    """The topics of a language, also those of an older version that comments still have."""
    with lake.reader("topics") as reader:
        return Topic.fetch(reader.execute("from topics where language = $1 order by topic", [language]))


def find_accounts(lake: Lake, names: Sequence[str]) -> set[str]:
    """Those of these stored values, or names in lower case, that are an author of a comment or are mentioned in one."""
    rows = lake.query(
        """select name from (select unnest($1) as name)
           where name in (select lower(author) from comments where author is not null)
              or name in (select unnest(mentions) from comment_readings)""",
        [list(names)],
    )
    return {str(name) for (name,) in rows}
