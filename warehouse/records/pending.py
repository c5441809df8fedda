"""Pending work, streamed from the lake in batches: pictures to fetch, pictures to label, and delays of hosts.

DuckDB runs the queries out of core, so memory does not grow with the number of posts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from warehouse.schema.tables import TABLES, PostPicture
from warehouse.schema.utc import as_utc, without_zone
from warehouse.storage.key_lookup import MAX_SEARCHED, find_files
from warehouse.storage.lake import Lake
from warehouse.storage.lake_files import LakeFile
from warehouse.storage.lake_reader import scan

LINK_ROWS = 20_000
ALWAYS = without_zone(datetime.min.replace(tzinfo=UTC))
CLOCK_MARGIN = timedelta(days=1)
"""Pictures from so long before the last complete run are compared too, because a clock may have been set back."""


@dataclass(frozen=True, slots=True)
class RetrySchedule:
    """When a failed fetch is retried: after `hours`, doubled with each failure, with at most `tries` attempts."""

    hours: float
    tries: int

    def next_try_at(self, failures: int, last: datetime) -> datetime | None:
        """When a picture with so many failures, the last at `last`, may be retried; None: never."""
        if failures >= self.tries:
            return None
        return last + timedelta(hours=self.hours * 2.0 ** (failures - 1)) if self.hours else last


@dataclass(frozen=True, slots=True)
class PictureToFetch:
    """A picture to fetch: its address, and its number of failed attempts."""

    url: str
    failures: int


@dataclass(frozen=True, slots=True)
class HostResponse:
    """A response of a host: until when (UTC) it takes no request, or None if it was a picture.

    `url` is an address of the host; only the part before the path matters.
    """

    url: str
    delayed_until: datetime | None


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A stored picture: the hash of the fetched file, and its file, relative to the home folder.

    `copy_sha256` is the hash of a smaller copy that replaced the fetched file, or None.
    """

    sha256: str
    path: str
    copy_sha256: str | None = None


# A host may have requested a longer delay than the schedule, so the recorded `next_try_at` counts too.
_TO_FETCH = """
    with missing as (select distinct picture_url from post_pictures where sha256 is null),
    schedule as (select unnest(?) as reason, unnest(?) as hours, unnest(?) as tries),
    failed as (
        select picture_url, count(*) as failures, max(attempted_at) as last, arg_max(reason, attempted_at) as reason,
               max(next_try_at) as host_delay
        from fetches semi join missing using (picture_url) where status <> 'ok' group by all)
    select missing.picture_url, coalesce(failed.failures, 0) as failures
    from missing left join failed using (picture_url) left join schedule using (reason)
    where failed.failures is null
       or (failed.failures < schedule.tries
           and greatest(host_delay, failed.last
               + case hours when 0 then interval 0 seconds
                 else to_seconds(schedule.hours * 3600 * pow(2, failed.failures - 1)) end) <= ?)
"""
_UNLINKED = {"post_pictures": partial(LakeFile.may_be_null, column="sha256")}
"""The choice of the files with pictures that are not fetched: few, unless many are missing."""


def count_to_fetch(lake: Lake, schedules: dict[str, RetrySchedule], now: datetime) -> int:
    """Number of picture addresses that may be fetched now."""
    return lake.count(f"select count(*) from ({_TO_FETCH})", _schedule_values(schedules, now), _UNLINKED)


def pictures_to_fetch(
    lake: Lake, schedules: dict[str, RetrySchedule], now: datetime, batch: int
) -> Iterator[list[PictureToFetch]]:
    """Pictures that are not stored and may be fetched now, in batches, each address once."""
    query = f"{_TO_FETCH} order by picture_url"
    for rows in lake.stream(query, _schedule_values(schedules, now), batch, _UNLINKED):
        yield [PictureToFetch(url, failures) for url, failures in rows]


_ORIGIN = "coalesce(nullif(regexp_extract(picture_url, '^[^/?#]*//[^/?#]*'), ''), picture_url)"
"""The part of an address before its path (RFC 3986, 3.2), or the complete text if it has another form."""
# A picture whose download began before the delay says nothing about the host now. So a success counts from
# its start, and a failure from its end.
_HOST_RESPONSES = f"""
    with delays as (
        select {_ORIGIN} as origin, next_try_at as until,
               attempted_at + to_microseconds((seconds * 1e6)::bigint) as known_at
        from fetches where reason = ? and next_try_at > ?),
    successes as (
        select {_ORIGIN} as origin, null as until, max(attempted_at) as known_at
        from fetches where status = 'ok' and attempted_at >= (select min(known_at) from delays) group by origin)
    select origin, until from (select * from delays union all select * from successes) order by known_at, until nulls last
"""


def host_delays(lake: Lake, reason: str, now: datetime, batch: int) -> Iterator[list[HostResponse]]:
    """Hosts' delays that have not ended, and pictures that came after them, in order of time and in batches.

    `reason` is that of fetches that a host delayed. A host may appear under several names, and several times.
    """
    for rows in lake.stream(_HOST_RESPONSES, [reason, without_zone(now)], batch):
        yield [HostResponse(url, None if until is None else as_utc(until)) for url, until in rows]


def _schedule_values(schedules: dict[str, RetrySchedule], now: datetime) -> list[object]:
    return [
        list(schedules),
        [schedule.hours for schedule in schedules.values()],
        [schedule.tries for schedule in schedules.values()],
        without_zone(now),
    ]


_TO_LINK = """
    select p.source, p.post_id, p.position, p.picture_url, arg_max(f.sha256, f.attempted_at) as sha256
    from post_pictures p join {fetches} f using (picture_url)
    where p.sha256 is null and f.status = 'ok' group by all"""


def link_fetched_pictures(lake: Lake) -> int:
    """Write the hashes of fetched pictures to the posts that show them; returns the number of links.

    Attempts at few addresses are searched by an index, so that the cost does not grow with all attempts.
    """
    query = f"select distinct picture_url from post_pictures where sha256 is null limit {MAX_SEARCHED + 1}"
    missing = lake.query(query, only=_UNLINKED)
    if not missing:
        return 0
    linked, fetches, read = 0, "fetches", "post_pictures, fetches"
    if len(missing) <= MAX_SEARCHED:
        files = find_files(lake, "fetches", [url for (url,) in missing])
        fetches, read = scan(files, TABLES["fetches"]), "post_pictures"
    with lake.reader(read, _UNLINKED) as reader:
        result = reader.execute(_TO_LINK.format(fetches=fetches))
        while pictures := PostPicture.fetch(result, LINK_ROWS):
            linked += lake.upsert(pictures)
    return linked


_FIRST_TRIED_SINCE = """
    with tried as (
        select picture_url, arg_max(coalesce(reason, status), attempted_at) as ended from fetches
        where attempted_at >= $1 group by picture_url),
    first_tried as (
        select * from tried anti join (
            select picture_url from fetches semi join tried using (picture_url) where attempted_at < $1)
        using (picture_url))
    select source, ended, count(*)
    from (select distinct source, picture_url, ended from post_pictures join first_tried using (picture_url))
    group by all order by all
"""
_FIRST_TRIED_BEFORE = """
    select if(bool_or(status = 'ok'), 'ok', arg_max(reason, attempted_at))
    from fetches semi join (select picture_url from post_pictures where source = $1) using (picture_url)
    group by picture_url having min(attempted_at) < $2
    order by min(attempted_at) desc, picture_url limit $3
"""


def count_newest_results(lake: Lake, began: datetime, least: int) -> dict[str, Counter[str]]:
    """Results of the newest pictures of each source: `ok`, or the reason of the failure, with their numbers.

    The newest are those with a first attempt since `began`; a source with fewer than `least` of them adds older
    ones. Sources without a new failure are omitted.
    """
    newest: dict[str, Counter[str]] = {}
    when = without_zone(began)
    with lake.reader(_FIRST_TRIED_SINCE + _FIRST_TRIED_BEFORE) as reader:
        for source, ended, count in reader.execute(_FIRST_TRIED_SINCE, [when]).fetchall():
            newest.setdefault(source, Counter())[ended] = count
        newest = {source: ends for source, ends in newest.items() if set(ends) != {"ok"}}
        for source, ends in newest.items():
            if (missing := least - ends.total()) > 0:
                older = reader.execute(_FIRST_TRIED_BEFORE, [source, when, missing]).fetchall()
                ends.update(ended for (ended,) in older)
    return newest


_TO_LABEL = """
    select sha256, path, copy_sha256 from pictures
    anti join (select sha256 from labels where classifier = $1 and version = $2 and labelled_at >= $3
               union all
               select sha256 from unlabelled where classifier = $1 and version = $2 and attempted_at >= $3)
    using (sha256)
    where fetched_at >= $3
"""
_LAST_COMPLETE = """
    select max(started_at) from runs
    where stage = 'classify' and lane = $1 and version = $2 and status = 'done' and started_at <= $3
"""


def count_to_label(lake: Lake, classifier: str, version: str, *, compare_all: bool = False) -> int:
    """Number of stored pictures that the classifier has not processed in this version.

    Pictures that were stored a day or more before the lane's last complete run are not compared with the labels,
    because that run processed them: the cost does not grow with what is stored. With `compare_all` all are, which
    finds labels that someone deleted.
    """
    since = ALWAYS if compare_all else _compared_since(lake, classifier, version)
    values = [classifier, version, since]
    return lake.count(f"select count(*) from ({_TO_LABEL})", values, _files_since(since))


def pictures_to_label(
    lake: Lake, classifier: str, version: str, batch: int, *, compare_all: bool = False
) -> Iterator[list[StoredPicture]]:
    """These pictures in batches, sorted by hash."""
    query, last = f"{_TO_LABEL} and sha256 > $4 order by sha256 limit $5", ""
    since = ALWAYS if compare_all else _compared_since(lake, classifier, version)
    # One query for each batch, because DuckDB holds a complete sorted result in memory.
    while rows := lake.query(query, [classifier, version, since, last, batch], _files_since(since)):
        yield [StoredPicture(*row) for row in rows]
        if len(rows) < batch:
            return
        last = rows[-1][0]


def _files_since(since: datetime) -> dict[str, Callable[[LakeFile], bool]]:
    """The choice of the files that `_TO_LABEL` needs."""
    times = {"pictures": "fetched_at", "labels": "labelled_at", "unlabelled": "attempted_at"}
    return {
        table: partial(LakeFile.may_reach, column=column, least=as_utc(since))
        for table, column in times.items()
    }


def _compared_since(lake: Lake, classifier: str, version: str) -> datetime:
    """`CLOCK_MARGIN` before the last run began that left no picture unprocessed, in UTC without a zone.

    If there was none, the beginning of time.

    A run with a later time than now was made before the clock was set back, and says nothing of new pictures.
    """
    now = without_zone(datetime.now(UTC))
    [(began,)] = lake.query(_LAST_COMPLETE, [classifier, version, now])
    return ALWAYS if began is None else began - CLOCK_MARGIN


def count_pictures(lake: Lake) -> int:
    """Number of stored pictures."""
    return lake.count("select count(*) from pictures")


def count_posts(lake: Lake) -> int:
    """Number of stored posts."""
    return lake.count("select count(*) from posts")
