"""Lanes whose process is killed: no received label is bought again, and no request is forgotten."""

from __future__ import annotations

import random
import subprocess
import threading
import time

import pytest

from classifiers.clarifai.responses import ExpectedOutput
from tasks.tag import sending
from tasks.tag.ledger import Ledger, RequestRecord, new_record, record_from_json
from tasks.tag.response_store import ResponseStore, finish_killed_run, store_saved_responses
from tasks.tag.stage import local_lane

HANG_SECONDS = 600.0
CHILD = """
import sys
from pathlib import Path
from classifiers.clarifai.options import ClarifaiOptions
from tasks.tag.stage import Tagging, tag_pictures
from warehouse.home import Home
folder, port, key = sys.argv[1:]
options = ClarifaiOptions(batch=4, in_flight=2, regions_model="general-image-detection", monthly_budget=10**6)
print("ready", flush=True)
sys.stdin.readline()
tag_pictures(Home(Path(folder)), Tagging("clarifai", options, lambda: key, f"127.0.0.1:{port}"), lambda *_: None)
print("done", flush=True)
"""


@pytest.mark.slow
def test_a_killed_lane_resumes_where_it_stopped(shop, start):
    """After kills at any moment each picture is bought again only where no response was sent; the ledger has all."""
    shas = shop.store(48)
    shop.clarifai.seconds = 0.1
    billed = threading.Semaphore(0)
    shop.clarifai.on_bill = lambda entry: billed.release()
    chance = random.Random(3)
    children = [start() for _ in range(4)]
    for child in children[:-1]:
        resume(child)
        for _ in range(4):
            assert billed.acquire(timeout=HANG_SECONDS)
        time.sleep(chance.uniform(0, 0.3))  # another moment each time
        child.kill()
        child.communicate()
    result, _ = children[-1].communicate("go\n", timeout=HANG_SECONDS)
    assert "done" in result
    assert shop.labelled() == set(shas)
    # A kill can come between the end of a response on the server and its file on our disk, on a busy machine for all
    # requests in flight: three times two, with four pictures each.
    assert len(set(shop.clarifai.bought_again())) <= 3 * 2 * 4
    assert "sent" not in shop.outcomes()
    bought = sum(shop.clarifai.bought.values())
    assert shop.outcomes()["billed"] + shop.outcomes().get("unknown", 0) >= bought
    assert list(shop.home.answers.iterdir()) == []


@pytest.fixture
def start(shop, start_process):
    """Start a lane in a process of its own. It imports its modules and then waits for a line."""
    return lambda: start_process(CHILD, shop.home.folder, shop.port, shop.key)


def resume(child: subprocess.Popen[str]) -> None:
    """Let the lane start, after its imports."""
    assert child.stdout.readline() == "ready\n"
    child.stdin.write("go\n")
    child.stdin.flush()


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["mark_unsent", "write", "mark_sent", "save", "remove"])
def test_an_end_at_each_step_loses_nothing(shop, monkeypatch, moment):
    """Whichever step is the last one, the next run has each picture's labels, bought once."""
    shas = shop.store(6)
    cut_at(monkeypatch, moment)
    with pytest.raises(Killed):
        shop.run(batch=3, in_flight=1)
    monkeypatch.undo()
    assert shop.run(batch=3).status == "done"
    assert shop.labelled() == set(shas)
    assert set(shop.clarifai.bought.values()) == {1}
    assert set(shop.outcomes()) <= {"billed", "not_billed", "unknown"}
    assert shop.outcomes()["billed"] == 6


class Killed(BaseException):
    """Simulates a kill: no cleanup runs."""


def cut_at(monkeypatch, moment: str) -> None:
    """End the run right before a step, without its cleanup."""

    def cut(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(sending.Sender, "_shut_down", lambda self: self._writer.shutdown(wait=True))
    if moment == "save":  # in gRPC's thread: the response is on disk, and the loop gets no event
        real = ResponseStore.save

        def save(self, record, response):
            real(self, record, response)
            raise OSError

        monkeypatch.setattr(ResponseStore, "save", save)
        monkeypatch.setattr(sending.Sender, "_apply", cut)
    elif moment == "write":
        real_write, calls = Ledger.write, []

        def write(self, upcoming, ended=()):
            if ended:
                real_write(self, [], ended)
                raise Killed
            calls.append(real_write(self, upcoming))

        monkeypatch.setattr(Ledger, "write", write)
    else:
        monkeypatch.setattr(ResponseStore, moment, cut)


def test_a_response_on_disk_is_stored_by_the_next_run(shop, stand_in):
    """It was paid for: its labels and its row are those of an undisturbed run."""
    (sha256,) = shop.store(1)
    record = make_record(shop, [sha256])
    responses = ResponseStore(shop.home)
    responses.mark_unsent([record])
    Ledger(shop.home).write([record])
    responses.mark_sent(record)
    response = stand_in.service_pb2.MultiOutputResponse(
        status=stand_in.status(10000), outputs=[stand_in.output(stand_in.CONCEPTS, sha256)]
    )
    responses.save(record, response.SerializeToString())
    assert store_saved_responses(shop.home) == 1 and store_saved_responses(shop.home) == 0
    assert shop.labelled() == {sha256} and shop.outcomes() == {"billed": 1}
    assert shop.run().items == 0


def test_what_was_never_sent_is_not_spent(shop):
    """A request that was only in the ledger is not billed; one that was sent is unknown."""
    first, second = shop.store(2)
    unsent, sent = make_record(shop, [first]), make_record(shop, [second])
    responses = ResponseStore(shop.home)
    responses.mark_unsent([unsent, sent])
    Ledger(shop.home).write([unsent, sent])
    responses.mark_sent(sent)
    assert finish_killed_run(shop.home) == 1
    assert sorted(shop.rows("select sha256, outcome, reason from charges")) == sorted(
        [(first, "not_billed", "not_sent"), (second, "unknown", "cut_off")]
    )


def test_files_that_no_run_wrote_are_removed(shop, caplog):
    """Partial and foreign files among the responses are logged and removed."""
    responses = ResponseStore(shop.home)
    (responses.folder / "a.part").write_bytes(b"{")
    (responses.folder / "b.answer").write_bytes(b"\x00\xff garbage")
    (responses.folder / "c.answer").write_bytes(b'{"request_id": 1}\n')
    assert store_saved_responses(shop.home) == 0
    assert "b.answer" in caplog.text and "c.answer" in caplog.text
    assert list(responses.folder.iterdir()) == []


def test_a_record_survives_its_file(shop):
    """A record read from disk is the record that was written."""
    one = make_record(shop, ["a" * 64, "b" * 64], (1, 6))
    assert record_from_json(one.as_json()) == one


def make_record(shop, shas: list[str], orientations: tuple[int, ...] | None = None) -> RequestRecord:
    """A record of a request with these pictures."""
    lane = local_lane(shop.home, "clarifai", shop.tagging().options)
    record = new_record(lane, lane.models[0], shas, orientations or (1,) * len(shas))
    assert isinstance(record.asked, ExpectedOutput)
    return record
