"""What waits to be done, streamed from the lake: pictures to fetch, hosts that want a pause, pictures to label.

DuckDB finds them out of core and hands them over in batches, so memory does not grow with the number
of posts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from warehouse.lake import Lake
from warehouse.tables import PostPicture

LINK_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """When a failed fetch is tried again: after `hours`, doubled with each failure, `tries` times in all."""

    hours: float
    tries: int

    def next_try_at(self, failures: int, last: datetime) -> datetime | None:
        """From when on a picture that failed so often, and last at `last`, is tried again; None: not again."""
        if failures >= self.tries:
            return None
        return last + timedelta(hours=self.hours * 2.0 ** (failures - 1)) if self.hours else last


@dataclass(frozen=True, slots=True)
class WaitingPicture:
    """A picture that is to be fetched: its address, and how many tries have failed."""

    url: str
    failures: int


@dataclass(frozen=True, slots=True)
class HostResponse:
    """What a host answered: until when (UTC) it wants no request, or, with None, a picture.

    `url` is an address of the host, of which only what comes before the path matters.
    """

    url: str
    pause_until: datetime | None


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A stored picture: its hash and its file, relative to the home folder."""

    sha256: str
    path: str


_TO_FETCH = """
    with wanted as (select distinct picture_url from post_pictures where sha256 is null),
    patience as (select unnest(?) as reason, unnest(?) as hours, unnest(?) as tries),
    tried as (
        select picture_url, count(*) as failures, max(attempted_at) as last, arg_max(reason, attempted_at) as reason,
               max(next_try_at) as asked_for
        from fetches semi join wanted using (picture_url) where status <> 'ok' group by all)
    select wanted.picture_url, coalesce(tried.failures, 0) as failures
    from wanted left join tried using (picture_url) left join patience using (reason)
    where tried.failures is null
       or (tried.failures < patience.tries
           and greatest(asked_for, tried.last
               + case hours when 0 then interval 0 seconds
                 else to_seconds(patience.hours * 3600 * pow(2, tried.failures - 1)) end) <= ?)
"""
# A host may have asked for a longer pause than ours: the time that was noted with a try counts too.


def count_to_fetch(lake: Lake, patience: dict[str, RetrySchedule], now: datetime) -> int:
    """How many picture addresses wait to be fetched now."""
    return _count(lake, f"select count(*) from ({_TO_FETCH})", _patience_values(patience, now))


def to_fetch(
    lake: Lake, patience: dict[str, RetrySchedule], now: datetime, batch: int
) -> Iterator[list[WaitingPicture]]:
    """Pictures that are not stored and may be tried now, in batches, each address once."""
    with lake.reader() as reader:
        found = reader.execute(f"{_TO_FETCH} order by picture_url", _patience_values(patience, now))
        while rows := found.fetchmany(batch):
            yield [WaitingPicture(url, failures) for url, failures in rows]


_ORIGIN = "coalesce(nullif(regexp_extract(picture_url, '^[^/?#]*//[^/?#]*'), ''), picture_url)"
"""An address up to its path (RFC 3986, 3.2); one that is not written so stays whole."""
_HOST_ANSWERS = f"""
    with asked as (
        select {_ORIGIN} as origin, next_try_at as until,
               attempted_at + to_microseconds((seconds * 1e6)::bigint) as heard
        from fetches where reason = ? and next_try_at > ?),
    answered as (
        select {_ORIGIN} as origin, null as until, max(attempted_at) as heard
        from fetches where status = 'ok' and attempted_at >= (select min(heard) from asked) group by origin)
    select origin, until from (select * from asked union all select * from answered) order by heard, until nulls last
"""
# A picture that was under way when the host asked for its pause tells nothing new: what counts is when a try that
# went well began, and when one ended that did not.


def pauses_asked_for(lake: Lake, reason: str, now: datetime, batch: int) -> Iterator[list[HostResponse]]:
    """Which hosts asked for a pause that is not over, and which gave a picture after that: in order, in batches.

    `reason` is the one of fetches that a host put off. A host may be named in several ways, and several times.
    """
    with lake.reader() as reader:
        found = reader.execute(_HOST_ANSWERS, [reason, now.astimezone(UTC).replace(tzinfo=None)])
        while rows := found.fetchmany(batch):
            yield [HostResponse(url, until and until.replace(tzinfo=UTC)) for url, until in rows]


def _patience_values(patience: dict[str, RetrySchedule], now: datetime) -> list[object]:
    return [
        list(patience),
        [p.hours for p in patience.values()],
        [p.tries for p in patience.values()],
        now.astimezone(UTC).replace(tzinfo=None),
    ]


def link_fetched(lake: Lake) -> int:
    """Write the hashes of fetched pictures to the posts that show them; returns how many links were made."""
    linked = 0
    query = """
        select p.source, p.post_id, p.position, p.picture_url, arg_max(f.sha256, f.attempted_at) as sha256
        from post_pictures p join fetches f using (picture_url)
        where p.sha256 is null and f.status = 'ok' group by all"""
    with lake.reader() as reader:
        found = reader.execute(query)
        while rows := found.fetchmany(LINK_ROWS):
            linked += lake.upsert(
                [
                    PostPicture(
                        source=source, post_id=post, position=position, picture_url=url, sha256=sha256
                    )
                    for source, post, position, url, sha256 in rows
                ]
            )
    return linked


_TRIED_FIRST = """
    with tried as (
        select picture_url, arg_max(coalesce(reason, status), attempted_at) as ended from fetches
        where attempted_at >= $1 group by picture_url),
    fresh as (
        select * from tried anti join (
            select picture_url from fetches semi join tried using (picture_url) where attempted_at < $1)
        using (picture_url))
    select source, ended, count(*)
    from (select distinct source, picture_url, ended from post_pictures join fresh using (picture_url))
    group by all order by all
"""
_TRIED_BEFORE = """
    select if(bool_or(status = 'ok'), 'ok', arg_max(reason, attempted_at))
    from fetches semi join (select picture_url from post_pictures where source = $1) using (picture_url)
    group by picture_url having min(attempted_at) < $2
    order by min(attempted_at) desc, picture_url limit $3
"""


def newest_pictures(lake: Lake, began: datetime, least: int) -> dict[str, Counter[str]]:
    """How the newest pictures of each source ended: `ok`, or the reason of the failure.

    The newest are those that were tried for the first time since `began`; where a source has fewer than `least`
    of them, the ones before them count as well. Sources without a new one that failed are left out.
    """
    newest: dict[str, Counter[str]] = {}
    when = began.astimezone(UTC).replace(tzinfo=None)
    with lake.reader() as reader:
        for source, ended, count in reader.execute(_TRIED_FIRST, [when]).fetchall():
            newest.setdefault(source, Counter())[ended] = count
        newest = {source: ends for source, ends in newest.items() if set(ends) != {"ok"}}
        for source, ends in newest.items():
            if (missing := least - ends.total()) > 0:
                ends.update(
                    ended for (ended,) in reader.execute(_TRIED_BEFORE, [source, when, missing]).fetchall()
                )
    return newest


_TO_LABEL = """
    select sha256, path from pictures
    anti join (select sha256 from labels where classifier = $1 and version = $2
               union all select sha256 from unlabelled where classifier = $1 and version = $2) using (sha256)
"""


def count_to_label(lake: Lake, classifier: str, version: str) -> int:
    """How many stored pictures the classifier has not been asked about in this version."""
    return _count(lake, f"select count(*) from ({_TO_LABEL})", [classifier, version])


def to_label(lake: Lake, classifier: str, version: str, batch: int) -> Iterator[list[StoredPicture]]:
    """Stored pictures that the classifier has not been asked about in this version, in batches, by their hashes."""
    query, last = f"{_TO_LABEL} where sha256 > $3 order by sha256 limit $4", ""
    while True:
        # Each batch is asked for anew: a sorted answer to one question is held whole, however long it is.
        with lake.reader() as reader:
            rows = reader.execute(query, [classifier, version, last, batch]).fetchall()
        if not rows:
            return
        yield [StoredPicture(sha256, path) for sha256, path in rows]
        last = rows[-1][0]


def count_pictures(lake: Lake) -> int:
    """How many pictures are stored."""
    return _count(lake, "select count(*) from pictures")


def count_posts(lake: Lake) -> int:
    """How many posts are stored."""
    return _count(lake, "select count(*) from posts")


def _count(lake: Lake, query: str, values: list[object] | None = None) -> int:
    with lake.reader() as reader:
        found = reader.execute(query, values or []).fetchone()
    return int(found[0]) if found else 0
