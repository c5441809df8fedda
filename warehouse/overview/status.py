"""Queries of `likelens status`, over the current version of the tables."""

from __future__ import annotations

import polars as pl

from warehouse.embeddings.sql import EMBEDDING_VERSIONS
from warehouse.frames import read_frame
from warehouse.records.gaps import ATTEMPTS, RETRY_AFTER
from warehouse.schema.current_reader import CURRENT_READER
from warehouse.storage.lake import Lake

MAX_GAPS = 50
"""Known gaps that are listed one by one."""

_QUERIES = {
    "Last runs": """
        select run_id, started_at, ended_at, status, items as posts from runs where stage = 'run'
        order by started_at desc limit 5""",
    "Stages of the last run": """
        select trim(stage || ' ' || lane) as stage, status, items, failures, message from runs
        where run_id = (select arg_max(run_id, started_at) from runs where stage = 'run') and stage <> 'run'
        order by started_at""",
    "Sources": """
        select source, count(distinct account) as accounts, count(*) as posts,
               count(gone_at) as gone, max(posted_at) as newest_post, max(last_seen_at) as last_seen
        from posts group by source order by source""",
    "Known gaps: posts whose own page can't be read": f"""
        select source, post_id, attempts, first_attempt_at, last_attempt_at,
               last_attempt_at + interval {RETRY_AFTER.days} days as next_attempt, message
        from gaps left join threads using (source, post_id)
        where attempts >= {ATTEMPTS} and (read_at is null or read_at < last_attempt_at)
        order by source, last_attempt_at desc limit {MAX_GAPS}""",
    "Comments": f"""
        with texts as (select count(*) as texts from comments where text is not null)
        select any_value(version) as reader, count(*) as read,
               greatest((from texts) - count(*), 0) as waiting,
               round(avg(spam::int), 3) as spam,
               round(avg((language is not null)::int) filter (not spam), 2) as with_language,
               round(avg((tone is not null)::int) filter (not spam), 2) as with_tone,
               round(avg(question::int) filter (not spam), 3) as questions
        from comment_readings where version = {CURRENT_READER} having count(*) > 0""",
    "Classifiers": f"""
        with current as (select lane as classifier, arg_max(version, started_at) as version from runs
                         where stage in ('classify', 'tag') group by lane),
        embedded as (select classifier, count(*) as with_embedding
                     from embeddings semi join ({EMBEDDING_VERSIONS}) using (classifier, version) group by classifier)
        select classifier, version, count(distinct labels.sha256) as labelled,
               (select count(*) from pictures) - count(distinct labels.sha256) - count(distinct unlabelled.sha256)
               as waiting, count(distinct unlabelled.sha256) as without_label,
               any_value(with_embedding) as with_embedding
        from current left join labels using (classifier, version) left join unlabelled using (classifier, version)
             left join embedded using (classifier)
        group by all order by classifier""",
    "Pictures that could not be fetched": """
        select reason, count(*) as pictures, max(tries) as most_tries, max(last) as last_try,
               count(again) as tried_again, min(again) as next_try from (
            select count(*) as tries, max(attempted_at) as last,
                   arg_max(struct_pack(reason), attempted_at).reason as reason,
                   arg_max(struct_pack(next_try_at), attempted_at).next_try_at as again
            from fetches group by picture_url having not bool_or(status = 'ok')) group by reason order by 2 desc""",
}


def read_status(lake: Lake) -> dict[str, pl.DataFrame]:
    """The parts of the status by title, without those that have no rows."""
    with lake.reader() as reader:
        frames = {title: read_frame(reader.sql(query)) for title, query in _QUERIES.items()}
    return {title: frame for title, frame in frames.items() if frame.height}
