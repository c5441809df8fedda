"""When a failed picture is asked for again: at once, in the next run, after some days, or never."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from tasks.fetch.reasons import PASSING, Reason, of_status
from tasks.fetch.retry_schedule import PATIENCE, next_try_at
from warehouse.publish import publish, published
from warehouse.tables import Fetch

# reason, hours since each failure, the newest first: whether it is asked again now
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


def test_waiting(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """What may pass is tried in the next run, what rarely comes back after growing pauses, the rest never."""
    now, rows, due = datetime.now(UTC), [], {}
    for number, (reason, hours, again) in enumerate(CASES):
        url = server.serve(f"/{number}", picture(number))
        due[f"/{number}"] = again
        ago = [now - timedelta(hours=past, microseconds=place) for place, past in enumerate(hours)]
        rows += [failure(url, reason, at) for at in ago]
    fetching.home.lake.append(rows)
    fetching.want([server.url(path) for path in due])
    ended = fetching.run()
    assert {path: path in server.asked for path in due} == due
    assert (ended.status, ended.items) == ("done", sum(due.values()))


def test_in_the_next_run(server: Any, fetching: Any, picture: Callable[..., bytes]) -> None:
    """In the next run a server's error is tried again, a picture that is gone is not."""
    urls = [server.serve("/gone", status=404), server.serve("/error", status=500)]
    fetching.want(urls)
    assert fetching.run().status == "incomplete"
    server.serve("/gone", picture(1))
    server.serve("/error", picture(2))
    assert (fetching.run().status, fetching.tries(urls[0])) == ("done", [("failed", "gone", 404)])
    assert fetching.tries(urls[1]) == [("failed", "server_error", 500)] * 3 + [("ok", None, 200)]
    assert server.asked == {"/gone": 1, "/error": 4}


def test_every_reason_has_its_patience() -> None:
    """No reason is without a rule, so none is tried never, or for ever, by oversight."""
    assert set(PATIENCE) == set(Reason)
    assert set(PASSING) <= set(PATIENCE)


def test_only_200_is_fine() -> None:
    """Every HTTP status but 200 has a reason."""
    assert [status for status in range(100, 1000) if of_status(status) is None] == [200]


def test_next_try_is_told(server: Any, fetching: Any) -> None:
    """For each picture that never came an analyst sees its reason, its tries and when a run tries again."""
    urls = [server.serve("/gone", status=404), server.serve("/error", status=500)]
    fetching.want([*urls, "ftp://nowhere/a.jpg"])
    fetching.run()
    publish(fetching.home)
    with published(fetching.home) as database:
        told = database.execute(
            "select reason, http_status, tries, next_try_at - last_try_at from failed_pictures order by 1"
        ).fetchall()
    assert told == [
        ("bad_address", None, 1, None),
        ("gone", 404, 1, timedelta(hours=20)),
        ("server_error", 500, 3, timedelta(0)),
    ]


def test_never_longer_than_a_week() -> None:
    """A host's slip in Retry-After puts a picture off for a week, and not for years."""
    now = datetime.now(UTC)
    assert next_try_at(Reason.BUSY, 1, now, 10.0**12) == now + timedelta(days=7)
