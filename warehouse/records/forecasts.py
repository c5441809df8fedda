"""Posts that have no forecast yet, with their labels; and candidate pictures that were posted since."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from warehouse.schema.utc import as_utc, without_zone
from warehouse.storage.lake import Lake


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post without a forecast, and the labels of its pictures by classifier, each label once."""

    source: str
    post_id: str
    account: str
    kind: str
    posted_at: datetime
    labels: dict[str, list[str]]


# A post waits until its pictures are fetched, and each classifier has processed the stored ones: a missing label is no
# absent label. For a model without labels no post waits.
_NEW_POSTS = """
    with needed as (select unnest($names::varchar[]) as classifier, unnest($versions::varchar[]) as version),
    young as (
        select source, post_id, account, kind, posted_at from posts
        anti join (select source, post_id from forecasts where measure = $measure) using (source, post_id)
        where posted_at > $after and posted_at <= $now),
    shown as (select source, post_id, sha256 from post_pictures semi join young using (source, post_id)),
    labelled as (
        select distinct sha256, classifier, label from labels semi join needed using (classifier, version)
        semi join shown using (sha256)),
    processed as (
        select sha256, classifier from labelled
        union select sha256, classifier from unlabelled semi join needed using (classifier, version)),
    waiting as (
        select source, post_id from shown where len($names) > 0 group by all having count(sha256) = 0
        union select source, post_id from (select * from shown where sha256 is not null) cross join needed
              anti join processed using (sha256, classifier)),
    listed as (
        select source, post_id, map_from_entries(list((classifier, found) order by classifier)) as labels
        from (select source, post_id, classifier, list(distinct label order by label) as found
              from shown join labelled using (sha256) group by all)
        group by all)
    select source, post_id, account, kind, posted_at, labels
    from young anti join waiting using (source, post_id) left join listed using (source, post_id)
    order by source, post_id
"""


def new_posts(
    lake: Lake, measure: str, classifiers: Mapping[str, str], after: datetime, now: datetime, batch: int
) -> Iterator[list[NewPost]]:
    """Posts of `after` (UTC) or later without a forecast of the measure, in batches, once their pictures are labelled.

    `classifiers` has the version of each whose labels are read. A classifier without labels for a post is not in its
    `labels`.
    """
    values: dict[str, object] = {
        "names": list(classifiers),
        "versions": list(classifiers.values()),
        "measure": measure,
        "after": without_zone(after),
        "now": without_zone(now),
    }
    for rows in lake.stream(_NEW_POSTS, values, batch):
        yield [
            NewPost(source, post_id, account, kind, as_utc(posted_at), dict(labels or {}))
            for source, post_id, account, kind, posted_at, labels in rows
        ]


def posted_hashes(lake: Lake, source: str, account: str, hashes: Collection[str]) -> set[str]:
    """Which of these pictures, by their SHA-256, posts of the account show."""
    rows = lake.query(
        """select distinct sha256 from post_pictures join posts using (source, post_id)
           where source = $1 and account = $2 and sha256 in (select unnest($3))""",
        [source, account, list(hashes)],
    )
    return {sha256 for (sha256,) in rows}
