"""The client of object stores, against a real S3 server whose requests are delayed, failed and counted."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from warehouse.errors import BadStore, StoreUnavailable
from warehouse.object_store.client import CHUNK_BYTES, ObjectStore
from warehouse.object_store.request_counts import requests_so_far

CUTS = ["before", "after", "body"]


def test_an_object_is_read_as_it_was_written(s3, tmp_path: Path) -> None:
    """Bytes, files, files in parts, and names with signs; a listing shows them in the order of their names."""
    store = copy.deepcopy(s3.store())
    large = tmp_path / "large"
    large.write_bytes(bytes(range(256)) * (CHUNK_BYTES // 128))
    names = ["words/zoë & co %20#1.json", "words/a b.json", "words/c.json"]
    for name in names:
        assert store.put(name, name.encode())
    store.put("large", large)
    assert [store.get(name) for name in names] == [name.encode() for name in names]
    store.download("large", tmp_path / "folder" / "copy")
    assert (tmp_path / "folder" / "copy").read_bytes() == large.read_bytes()
    assert [one.name for one in store.list("words")] == sorted(names)
    assert [one.name for one in store.list("words", after="words/a b.json")] == sorted(names)[1:]
    assert {one.name: one.bytes for one in store.list("")}["large"] == large.stat().st_size
    assert abs(datetime.now(UTC) - next(store.list("words")).modified).total_seconds() < 3600
    assert store.exists(names[0]) and not store.exists("words/none")
    store.delete([*names, "words/none"])
    assert [one.name for one in store.list("")] == ["large"]
    with pytest.raises(FileNotFoundError, match="words/none"):
        store.get("words/none")
    with pytest.raises(FileNotFoundError):
        store.download("words/none", tmp_path / "none")
    assert [one.name for one in tmp_path.iterdir()].count("none") == 0


def test_of_many_writers_at_once_one_creates_an_object(s3) -> None:
    """Also when responses are lost, so that a writer repeats a request that succeeded."""
    store = s3.store()
    s3.fail_at_random(seed=3, rate=0.4)
    winners: list[bytes] = []

    def write(content: bytes) -> None:
        try:
            store.put("key", content, if_absent=True)
        except FileExistsError:
            return
        winners.append(content)

    writers = [threading.Thread(target=write, args=(f"{number}".encode(),)) for number in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert winners == [store.get("key")]


@pytest.mark.slow
def test_failed_requests_are_repeated(s3, tmp_path: Path) -> None:
    """Errors of the server, cut connections and half bodies change nothing that a caller sees."""
    store = s3.store()
    s3.fail_at_random(seed=5, rate=0.4)
    data = bytes(range(256)) * 4000
    for number in range(6):
        store.put(f"a/{number}", data)
        assert store.get(f"a/{number}") == data
        store.download(f"a/{number}", tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == data
    assert len(list(store.list("a"))) == 6
    assert [one.name for one in tmp_path.iterdir()] == ["copy"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault", [{"status": 500}, {"status": 503, "code": "SlowDown"}, *({"cut": at} for at in CUTS)], ids=str
)
def test_each_kind_of_request_is_repeated(s3, tmp_path: Path, fault: dict[str, object]) -> None:
    """Every request fails once, in each of the ways in which S3 fails: no caller sees it."""
    store, failed = s3.store(), set()
    (tmp_path / "large").write_bytes(bytes(2 * CHUNK_BYTES + 1))

    def fail_once(method: str, name: str) -> object:
        is_first = (method, name) not in failed
        failed.add((method, name))
        return s3.fault(**fault) if is_first else None

    def each(work: Callable[[], object]) -> object:
        failed.clear()
        return work()

    s3.proxy.behave = fail_once
    etag = each(lambda: store.put("a", b"1", if_absent=True))
    assert etag == next(iter(store.list(""))).etag
    each(lambda: store.put("large", tmp_path / "large"))
    assert each(lambda: store.get("a")) == b"1"
    each(lambda: store.download("large", tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "large").read_bytes()
    assert each(lambda: store.exists("a"))
    assert [one.name for one in each(lambda: list(store.list("")))] == ["a", "large"]
    each(lambda: store.delete(["a", "large"]))
    assert not each(lambda: list(store.list("")))


@pytest.mark.slow
def test_requests_and_bytes_are_counted_as_the_server_sees_them(s3, tmp_path: Path) -> None:
    """A run can say what it cost."""
    store, before = s3.store(), requests_so_far()
    (tmp_path / "large").write_bytes(bytes(2 * CHUNK_BYTES + 1))
    store.put("a", b"123")
    store.put("b", b"45", if_absent=True)
    store.put("large", tmp_path / "large")
    store.get("a")
    store.exists("a")
    list(store.list(""))
    store.delete(["a", "b"])
    counted = requests_so_far() - before
    assert s3.proxy.counts() == {"delete": 1, "get": 1, "head": 1, "list": 1, "put": 7}
    assert (counted.puts, counted.lists, counted.gets, counted.heads, counted.deletes) == (7, 1, 1, 1, 1)
    assert (counted.class_a, counted.class_b) == (8, 2)
    assert counted.uploaded_bytes == 3 + 2 + 2 * CHUNK_BYTES + 1
    assert counted.downloaded_bytes == 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        ({"status": 403, "code": "RequestTimeTooSkewed"}, BadStore, "clock of this machine is wrong"),
        ({"status": 403, "code": "AccessDenied"}, BadStore, "have no right to"),
        ({"status": 403, "code": "InvalidAccessKeyId"}, BadStore, "AWS_ACCESS_KEY_ID"),
        ({"status": 404, "code": "NoSuchBucket"}, BadStore, "There is no bucket of s3://"),
        ({"status": 501, "code": "NotImplemented"}, BadStore, "does not support"),
        ({"status": 503, "code": "SlowDown"}, StoreUnavailable, "SlowDown"),
        ({"seconds": 1.0}, StoreUnavailable, "too slow"),
    ],
)
def test_a_store_that_refuses_is_one_clear_sentence(s3, fault, error, words, tmp_path: Path) -> None:
    """Each request reports it, and the check before any work."""
    store = s3.store(retry_seconds=0.3, timeout_seconds=0.5 if "seconds" in fault else 60)
    s3.fail(**fault)
    for request in (
        store.check,
        lambda: store.get("a"),
        lambda: store.download("a", tmp_path / "a"),
        lambda: store.put("a", b"1"),
        lambda: list(store.list("a")),
        lambda: store.delete(["a"]),
    ):
        with pytest.raises(error, match=words) as raised:
            request()
        assert s3.bucket in str(raised.value)
        assert "\n" not in str(raised.value)
        assert "Debug source" not in str(raised.value)


def test_a_store_that_works_passes_its_check(s3) -> None:
    """The probe leaves nothing behind."""
    s3.store().check()
    assert list(s3.store().list("")) == []


def test_a_check_finds_what_would_lose_rows(s3, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that differs, and a store that ignores the condition of a request."""
    store = s3.store()
    with monkeypatch.context() as patch:
        patch.setattr("warehouse.object_store.client.datetime", LateClock)
        with pytest.raises(BadStore, match="clock of this machine differs by 60 minutes"):
            store.check()
    s3.proxy.drop_headers = {"if-none-match"}
    with pytest.raises(BadStore, match="overwrites an object"):
        store.check()


class LateClock(datetime):
    """A clock that is an hour ahead."""

    @classmethod
    def now(cls, tz=None):
        return datetime.fromtimestamp(datetime.now(tz).timestamp() + 3600, tz)


def test_a_server_that_does_not_listen_is_named(s3) -> None:
    """The message names its address and what to check."""
    store = ObjectStore("s3://bucket/a", "http://127.0.0.1:9", "x", timeout_seconds=1, retry_seconds=0.2)
    with pytest.raises(StoreUnavailable, match=r"http://127.0.0.1:9.*can't be reached"):
        store.get("a")


@pytest.mark.parametrize(
    "url", ["s3:///a", "ftp://host/a", "s3://key:secret@bucket/a", "a/b", "s3://b/a?x=1"]
)
def test_a_url_that_is_no_store_is_refused(url: str) -> None:
    """Before any request, and without repeating a secret."""
    pytest.importorskip("obstore")
    with pytest.raises(BadStore) as raised:
        ObjectStore(url).get("a")
    assert "secret@" not in str(raised.value)


def test_a_local_folder_can_stand_for_a_store(tmp_path: Path) -> None:
    """`file://` has the same methods."""
    pytest.importorskip("obstore")
    store = ObjectStore((tmp_path / "store").as_uri())
    store.put("b/2", b"2", if_absent=True)
    store.put("b/1", b"1")
    with pytest.raises(FileExistsError):
        store.put("b/2", b"3", if_absent=True)
    assert [one.name for one in store.list("b")] == ["b/1", "b/2"]
    assert [one.name for one in store.list("b", after="b/1")] == ["b/2"]
    store.check()
    store.delete(["b/1", "b/none"])
    assert [one.name for one in store.list("")] == ["b/2"]
