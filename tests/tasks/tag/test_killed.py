"""Lanes whose process is killed: nothing that was answered is bought again, nothing that was sent is forgotten."""

from __future__ import annotations

import random
import subprocess
import sys
import time

import pytest

from classifiers.clarifai.responses import Asked
from tasks.tag import sending
from tasks.tag.ledger import Ledger, RequestRecord, new_slip, slip_from_json
from tasks.tag.response_store import ResponseStore, close_books, store_kept
from tasks.tag.stage import known_lane

CHILD = """
import sys
from pathlib import Path
from classifiers.clarifai.options import ClarifaiOptions
from tasks.tag.stage import Tagging, tag_pictures
from warehouse.home import Home
folder, port, key = sys.argv[1:]
options = ClarifaiOptions(batch=4, regions_model="general-image-detection", monthly_budget=10**6)
print("go", flush=True)
tag_pictures(Home(Path(folder)), Tagging("clarifai", options, lambda: key, f"127.0.0.1:{port}"), lambda *_: None)
print("done", flush=True)
"""


def test_a_killed_lane_goes_on_where_it_was(shop):
    """Kills at any moment: each picture is bought again only where no answer had left, and all is in the ledger."""
    shas = shop.store(60)
    shop.clarifai.seconds, shop.clarifai.per_second = 0.1, 1000
    chance = random.Random(3)
    for _ in range(5):
        child = start(shop)
        time.sleep(chance.uniform(0.1, 0.7))
        child.kill()
        child.communicate()
        time.sleep(0.2)  # what was being worked on ends, and its answer goes nowhere
    said, _ = start(shop).communicate(timeout=60)
    assert "done" in said
    assert shop.labelled() == set(shas)
    # Between the server's end of an answer and our disk lie milliseconds, more on a busy machine: two requests at most.
    assert len(set(shop.clarifai.bought_again())) <= 8
    assert "sent" not in shop.outcomes()
    billed = sum(shop.clarifai.bought.values())
    assert shop.outcomes()["billed"] + shop.outcomes().get("unknown", 0) >= billed
    assert list(shop.home.answers.iterdir()) == []


def start(shop) -> subprocess.Popen[str]:
    """A lane in a process of its own, past its imports."""
    command = [sys.executable, "-c", CHILD, str(shop.home.folder), str(shop.port), shop.key]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "go\n"
    return child


@pytest.mark.parametrize("moment", ["announce", "write", "sends", "keep", "drop"])
def test_an_end_at_each_step_loses_nothing(shop, monkeypatch, moment):
    """Whatever step is the last one, the next run has each picture's labels, bought twice only if the answer was lost."""
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
    """Stands for a kill: nothing that would still be done in order is done."""


def cut_at(monkeypatch, moment: str) -> None:
    """Let the run end right before a step, without its orderly end."""

    def cut(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(sending.Sender, "_wind_up", lambda self: self._writer.shutdown(wait=True))
    if moment == "keep":  # in gRPC's thread: the answer is on disk, and nobody hears of it
        real = ResponseStore.keep

        def keep(self, slip, answer):
            real(self, slip, answer)
            raise OSError

        monkeypatch.setattr(ResponseStore, "keep", keep)
        monkeypatch.setattr(sending.Sender, "_take", cut)
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


def test_an_answer_on_disk_is_stored_by_the_next_run(shop, stand_in):
    """It was paid for: its labels and its row are as if the first run had gone on."""
    (sha256,) = shop.store(1)
    lane_slip = slip(shop, [sha256])
    arrivals = ResponseStore(shop.home)
    arrivals.announce([lane_slip])
    Ledger(shop.home).write([lane_slip])
    arrivals.sends(lane_slip)
    answer = stand_in.service_pb2.MultiOutputResponse(
        status=stand_in.status(10000), outputs=[stand_in.output(stand_in.CONCEPTS, sha256)]
    )
    arrivals.keep(lane_slip, answer.SerializeToString())
    assert store_kept(shop.home) == 1 and store_kept(shop.home) == 0
    assert shop.labelled() == {sha256} and shop.outcomes() == {"billed": 1}
    assert shop.run().items == 0


def test_what_was_never_sent_is_not_spent(shop):
    """A request that was in the ledger only is not billed, one that had gone is unknown."""
    first, second = shop.store(2)
    waiting, gone = slip(shop, [first]), slip(shop, [second])
    arrivals = ResponseStore(shop.home)
    arrivals.announce([waiting, gone])
    Ledger(shop.home).write([waiting, gone])
    arrivals.sends(gone)
    assert close_books(shop.home) == 1
    assert sorted(shop.rows("select sha256, outcome, reason from charges")) == sorted(
        [(first, "not_billed", "not_sent"), (second, "unknown", "cut_off")]
    )


def test_files_that_no_run_wrote_are_left_out(shop, caplog):
    """Half-written and foreign files among the answers are told and removed; nothing breaks."""
    arrivals = ResponseStore(shop.home)
    (arrivals.folder / "a.part").write_bytes(b"{")
    (arrivals.folder / "b.answer").write_bytes(b"\x00\xff garbage")
    (arrivals.folder / "c.answer").write_bytes(b'{"request_id": 1}\n')
    assert store_kept(shop.home) == 0
    assert "b.answer" in caplog.text and "c.answer" in caplog.text
    assert list(arrivals.folder.iterdir()) == []


def test_a_slip_survives_its_file(shop):
    """A slip read from disk is the slip that was written."""
    one = slip(shop, ["a" * 64, "b" * 64], (1, 6))
    assert slip_from_json(one.as_json()) == one


def slip(shop, shas: list[str], turns: tuple[int, ...] | None = None) -> RequestRecord:
    """A slip of a request with these pictures."""
    lane = known_lane(shop.home, "clarifai", shop.tagging().options)
    made = new_slip(lane, lane.models[0], shas, turns or (1,) * len(shas))
    assert isinstance(made.asked, Asked)
    return made
