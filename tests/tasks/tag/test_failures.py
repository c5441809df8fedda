"""What Clarifai may answer instead of labels, and what becomes of each picture and of the money."""

from __future__ import annotations

import threading
import time

import grpc
import pytest

from classifiers.clarifai.channel import MAX_ANSWER_BYTES
from classifiers.errors import ClassifierUnavailable
from tasks.tag import plan, sending

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


@pytest.mark.parametrize("code", [11005, 11003, 21351, 21354, 21355])
def test_throttling_and_deploying_are_waited_for(shop, stand_in, short_pauses, code):
    """The pictures are sent again after pauses that grow, nothing is billed meanwhile, and all is done."""
    shop.store(3)
    shop.clarifai.script += [stand_in.says(code, "not now")] * 3
    ended = shop.run()
    assert (ended.status, ended.items) == ("done", 3)
    assert short_pauses == [0, 1, 2]
    assert shop.rows("select outcome, reason, count(*) from charges group by all order by all") == [
        ("billed", None, 3),
        ("not_billed", "try_later", 9),
    ]


def test_patience_ends(shop, stand_in):
    """A service that stays busy ends the lane for this run, not for good."""
    shop.store(2)
    shop.clarifai.always = stand_in.says(21351, "Model is deploying")
    ended = shop.run(patience_seconds=0.05)
    assert ended.status == "incomplete"
    assert "was not ready" in ended.message and "MODEL_DEPLOYING" in ended.message
    shop.clarifai.always = None
    assert shop.run().status == "done"


@pytest.mark.parametrize(
    ("code", "told"),
    [(11009, "CLARIFAI_PAT"), (11006, "no money or quota"), (69001, "no money or quota"), (21200, "model")],
)
def test_what_a_person_must_mend_stops_the_lane(shop, stand_in, code, told):
    """The lane fails at once, says what to do, and nothing is spent."""
    shop.store(40)
    shop.clarifai.always = stand_in.says(code, "no")
    ended = shop.run(batch=10, in_flight=1)
    assert ended.status == "failed"
    assert told in ended.message and "40 pictures wait" in ended.message
    assert len(shop.clarifai.asks) == 1
    assert set(shop.outcomes()) == {"not_billed"}
    assert "stopped" in {reason for (reason,) in shop.rows("select distinct reason from charges")}
    shop.clarifai.always = None
    assert shop.run().status == "done"


def test_a_wrong_key_is_told_and_never_shown(shop, stand_in, caplog):
    """The stand-in says the key back; it is in no message, no log and no table."""
    shop.store(1)
    shop.key = "wrong-key-0123456789"
    ended = shop.run()
    assert ended.status == "failed" and "does not accept the key" in ended.message
    told = ended.message + caplog.text + str(shop.rows("select message from charges"))
    assert "API key not found: Key …" in told and shop.key not in told
    assert shop.key not in repr(shop.tagging()) + repr(shop.tagging().open_client().__dict__.get("_channel"))


def test_without_a_key_nothing_is_sent(shop):
    """The message says where a key goes."""
    shop.store(1)
    shop.key = None
    with pytest.raises(ClassifierUnavailable, match=r"CLARIFAI_PAT.*clarifai-pat"):
        shop.run()
    assert shop.clarifai.asks == []


def test_quota_that_ends_in_the_middle_keeps_what_was_bought(shop):
    """Answers before the end are labels; the rest waits for money and is bought once."""
    shop.store(30)
    shop.clarifai.quota = 20
    ended = shop.run(batch=10, in_flight=1)
    assert (ended.status, ended.items) == ("failed", 20)
    assert len(shop.labelled()) == 20
    shop.clarifai.quota = None
    assert shop.run().items == 10
    assert set(shop.clarifai.bought.values()) == {1}


@pytest.mark.parametrize("after_work", [False, True])
def test_a_dropped_connection_is_unknown_and_tried_again(shop, stand_in, after_work):
    """The client does not retry by itself: one request a try, each in the ledger, the lost one as unknown."""
    shop.store(4)
    shop.clarifai.script += [stand_in.breaks(UNAVAILABLE, after_work=after_work)]
    ended = shop.run()
    assert (ended.status, ended.items) == ("done", 4)
    assert len(shop.clarifai.asks) == 2
    assert shop.outcomes() == {"unknown": 4, "billed": 4}
    assert shop.clarifai.bought_again() == []


def test_tries_without_an_answer_are_few(shop, stand_in):
    """A service that never answers is asked three times a batch at most, and after two batches no more in this run."""
    shop.store(40)
    shop.clarifai.always = stand_in.breaks(UNAVAILABLE, after_work=True)
    ended = shop.run(batch=4, in_flight=1)
    assert ended.status == "incomplete" and "does not answer" in ended.message
    assert max(shop.clarifai.bought.values()) == plan.TRIES
    # Some batches were in the ledger already when the first got no answer; they had their turn in between.
    assert len(shop.clarifai.asks) <= plan.TRIES * (plan.LOST_IN_A_ROW + 10)
    assert ended.failures == 4 * plan.LOST_IN_A_ROW


def test_a_picture_that_is_never_answered_is_given_up_after_some_runs(shop, stand_in):
    """Six sends without an answer are enough; the picture gets a row that says so."""
    (sha256,) = shop.store(1)
    shop.clarifai.always = stand_in.breaks(UNAVAILABLE, after_work=True)
    statuses = [shop.run().status for _ in range(3)]
    assert statuses == ["incomplete", "done", "done"]
    assert len(shop.clarifai.asks) == 6
    assert shop.rows("select sha256, reason from unlabelled") == [(sha256, "unanswered")]


def test_a_service_that_is_not_there_costs_nothing(shop):
    """Nothing left, so nothing is counted as spent."""
    shop.store(3)
    shop.port = 9  # discard: nobody listens
    ended = shop.run()
    assert ended.status == "incomplete" and "failed to connect" in ended.message
    assert shop.outcomes() == {"not_billed": 9}


def test_a_deadline_is_unknown(shop, stand_in):
    """An answer that comes too late was perhaps billed."""
    shop.store(2)
    shop.clarifai.script += [stand_in.sleeps(0.6)]
    ended = shop.run(deadline_seconds=0.3)
    assert ended.status == "done"
    assert shop.outcomes() == {"unknown": 2, "billed": 2}
    assert shop.rows("select distinct message from charges where outcome = 'unknown'")[0][0].startswith(
        "DEADLINE_EXCEEDED"
    )


def test_mixed_answers_keep_what_is_good(shop):
    """The good pictures have labels and are paid; the bad one is a row with its reason, and is not sent again."""
    shas = shop.store(5)
    shop.clarifai.bad = {shas[2]}
    ended = shop.run()
    assert (ended.status, ended.items, ended.failures) == ("done", 4, 1)
    assert shop.labelled() == set(shas) - {shas[2]}
    (row,) = shop.rows("select sha256, reason, message from unlabelled")
    assert row[:2] == (shas[2], "refused") and "INPUT_INVALID_ARGUMENT (30104): Bad picture" in row[2]
    assert shop.run().items == 0
    assert len(shop.clarifai.asks) == 1


def test_a_model_that_fails_fast_does_not_blame_good_pictures(shop):
    """One bad picture fails the whole request with one code for all: it is found by halving, the others are bought once."""
    shas = shop.store(16)
    shop.clarifai.bad, shop.clarifai.fails_fast = {shas[11]}, True
    ended = shop.run()
    assert (ended.status, ended.items, ended.failures) == ("done", 15, 1)
    assert shop.labelled() == set(shas) - {shas[11]}
    assert set(shop.clarifai.bought.values()) == {1} and len(shop.clarifai.bought) == 15
    assert len(shop.clarifai.asks) == 9  # 1 + 2 a level of 16, 8, 4, 2
    assert shop.rows("select reason from unlabelled") == [("refused",)]


def test_too_few_and_too_many_outputs(shop, stand_in):
    """Outputs belong to the pictures by their place: what is missing is asked again, what is too much is left."""
    shas = shop.store(4)

    def shortened(server, ask, context):
        for entry in server.bill(ask)[:3]:
            entry.delivered = True
        outputs = [stand_in.output(ask.model, one) for one in ask.sha256s[:3]]
        return stand_in.service_pb2.MultiOutputResponse(status=stand_in.status(10000), outputs=outputs)

    def lengthened(server, ask, context):
        outputs = [stand_in.output(ask.model, one) for one in (*ask.sha256s, "0" * 64)]
        return stand_in.service_pb2.MultiOutputResponse(status=stand_in.status(10000), outputs=outputs)

    shop.clarifai.script += [shortened, lengthened]
    assert shop.run().status == "done"
    assert [len(ask.sha256s) for ask in shop.clarifai.asks] == [4, 1]
    assert shop.labelled() == set(shas)
    assert shop.outcomes() == {"billed": 4, "unknown": 1}


def test_a_request_that_is_too_much_is_split(shop, stand_in):
    """Also where gRPC itself says that the message is too large; nothing is billed for it."""
    shop.store(4)
    shop.clarifai.script += [
        stand_in.says(40033, "too large"),
        stand_in.breaks(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            after_work=False,
            details="SERVER: sent message larger than max",
        ),
    ]
    assert shop.run(in_flight=1).status == "done"
    assert [len(ask.sha256s) for ask in shop.clarifai.asks] == [4, 2, 2, 1, 1]
    assert shop.outcomes() == {"not_billed": 6, "billed": 4}


def test_numbers_that_nobody_knows_yet(shop, stand_in):
    """A status that this version has no name for is tried again, not a crash."""
    shop.store(1)
    shop.clarifai.script += [stand_in.says(77_777, "?"), stand_in.says(98_004), stand_in.says(0)]
    ended = shop.run()
    assert ended.status == "incomplete"
    assert shop.rows("select outcome, message from charges where message like 'status 77777%'")
    assert shop.run().status == "done"


def test_an_answer_that_is_no_answer(shop, stand_in, monkeypatch):
    """Garbled bytes are unknown and asked again; an answer over the limit is refused by the client itself."""
    shop.store(1)
    huge = stand_in.service_pb2.MultiOutputResponse(
        status=stand_in.status(10000, "x" * (MAX_ANSWER_BYTES + 1))
    )
    shop.clarifai.script += [lambda server, ask, context: huge]
    assert shop.run().status == "done"
    assert shop.outcomes() == {"unknown": 1, "billed": 1}


def test_an_interrupt_keeps_what_is_paid(shop, stand_in, monkeypatch):
    """Ctrl-C while requests are under way: their answers are waited for and stored, and nothing else is sent."""
    shop.store(40)
    shop.clarifai.seconds = 0.3
    real = sending.Sender._send

    def send(self):
        real(self)
        if self._under_way:
            raise KeyboardInterrupt

    monkeypatch.setattr(sending.Sender, "_send", send)
    with pytest.raises(KeyboardInterrupt):
        shop.run(batch=10, in_flight=1)
    assert shop.outcomes()["billed"] == 10 and len(shop.labelled()) == 10
    assert set(shop.outcomes()) <= {"billed", "not_billed"}
    monkeypatch.setattr(sending.Sender, "_send", real)
    assert shop.run().items == 30
    assert set(shop.clarifai.bought.values()) == {1}


def test_two_workers_buy_each_picture_once(shop):
    """Two lanes at once on one home folder: the second waits, and finds everything bought."""
    shop.store(60)
    shop.clarifai.seconds = 0.1
    ended = []
    workers = [threading.Thread(target=lambda: ended.append(shop.run(batch=10))) for _ in range(2)]
    for worker in workers:
        worker.start()
        time.sleep(0.05)
    for worker in workers:
        worker.join()
    assert sorted(one.items for one in ended) == [0, 60]
    assert set(shop.clarifai.bought.values()) == {1}
