"""When a failed picture is retried: in the same run, in the next one, after some days, or never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.fetch.attempt import TRANSIENT, Reason, reason_for_status
from tasks.fetch.retry_schedule import RETRY_SCHEDULES, next_try_at
from warehouse.database.publish import publish
from warehouse.published import published
from warehouse.schema.picture_tables import Fetch

# reason, hours since each failure, the newest first: whether a run retries it now
CASES: list[tuple[Reason, list[float], bool]] = [
    (Reason.GONE, [19], False),
    (Reason.GONE, [21], True),
    (Reason.GONE, [39, 60], False),
    (Reason.GONE, [41, 62], True),
    (Reason.GONE, [1000, 1040, 1060], False),
    (Reason.REFUSED, [21], True),
    (Reason.NOT_A_PICTURE, [19], False),
    (Reason.NOT_A_PICTURE, [21], True),
    (Reason.TOO_LARGE, [1000], False),
    (Reason.TOO_MANY_PIXELS, [1000], False),
    (Reason.BAD_ADDRESS, [1000], False),
    (Reason.SERVER_ERROR, [0.001] * 29, True),
    (Reason.SERVER_ERROR, [0.001] * 30, False),
    (Reason.TIMEOUT, [0.001] * 3, True),
    (Reason.PRIVATE_ADDRESS, [0.001] * 200, True),
]


def failure(url: str, reason: Reason, at: datetime) -> Fetch:
    return Fetch(
        picture_url=url,
        attempted_at=at,
        status="failed",
        reason=reason.value,
        http_status=None,
        sha256=None,
        seconds=0.1,
    )


@pytest.mark.slow
def test_each_reason_has_its_retry_schedule(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """Transient failures are retried in the next run, others after growing pauses, the rest never."""
    now, rows, due = datetime.now(UTC), [], {}
    for number, (reason, hours, again) in enumerate(CASES):
        url = server.serve(f"/{number}", picture(number))
        due[f"/{number}"] = again
        ago = [now - timedelta(hours=past, microseconds=place) for place, past in enumerate(hours)]
        rows += [failure(url, reason, at) for at in ago]
    fetching.home.lake.append(rows)
    fetching.add_pictures([server.url(path) for path in due])
    result = fetching.run()
    assert {path: path in server.requests for path in due} == due
    assert (result.status, result.items) == ("done", sum(due.values()))


def test_the_next_run_retries_a_server_error(
    server: Any, fetching: Any, picture: Callable[..., bytes]
) -> None:
    """The next run retries after a server error, and not after a 404."""
    urls = [server.serve("/gone", status=404), server.serve("/error", status=500)]
    fetching.add_pictures(urls)
    assert fetching.run().status == "incomplete"
    server.serve("/gone", picture(1))
    server.serve("/error", picture(2))
    assert (fetching.run().status, fetching.attempts(urls[0])) == ("done", [("failed", "gone", 404)])
    assert fetching.attempts(urls[1]) == [("failed", "server_error", 500)] * 3 + [("ok", None, 200)]
    assert server.requests == {"/gone": 1, "/error": 4}


def test_no_reason_is_without_a_schedule() -> None:
    """Every reason has a schedule, so none is retried never, or for ever, by mistake."""
    assert set(RETRY_SCHEDULES) == set(Reason)
    assert set(TRANSIENT) <= set(RETRY_SCHEDULES)


def test_every_status_but_200_has_a_reason() -> None:
    """Every HTTP status but 200 has a reason."""
    assert [status for status in range(100, 1000) if reason_for_status(status) is None] == [200]


@pytest.mark.slow
def test_the_view_of_failed_pictures_has_the_next_try(server: Any, fetching: Any) -> None:
    """For each picture that failed, an analyst sees the reason, the tries and the time of the next one."""
    urls = [server.serve("/gone", status=404), server.serve("/error", status=500)]
    fetching.add_pictures([*urls, "ftp://nowhere/a.jpg"])
    fetching.run()
    publish(fetching.home)
    with published(fetching.home) as database:
        rows = database.execute(
            "select reason, http_status, tries, next_try_at - last_try_at from failed_pictures order by 1"
        ).fetchall()
    assert rows == [
        ("bad_address", None, 1, None),
        ("gone", 404, 1, timedelta(hours=20)),
        ("server_error", 500, 3, timedelta(0)),
    ]


def test_a_requested_pause_lasts_a_week_at_most() -> None:
    """A mistake in Retry-After delays a picture by a week, not by years."""
    now = datetime.now(UTC)
    assert next_try_at(Reason.BUSY, 1, now, 10.0**12) == now + timedelta(days=7)
