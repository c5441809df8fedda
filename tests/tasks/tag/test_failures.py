"""What Clarifai can send instead of labels, and what happens to each picture and to the money."""

from __future__ import annotations

import threading

import grpc
import pytest

from classifiers.clarifai.channel import MAX_RESPONSE_BYTES
from classifiers.errors import ClassifierUnavailable
from tasks.tag import plan, sending

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
HANG_SECONDS = 600.0


def test_throttling_and_deploying_are_retried(shop, stand_in, short_pauses):
    """After each such code the pictures are sent again, after pauses that grow; nothing is billed meanwhile."""
    shop.store(3)
    codes = (11005, 11003, 21351, 21354, 21355)
    shop.clarifai.script += [stand_in.status_only(code, "not now") for code in codes]
    result = shop.run()
    assert (result.status, result.items) == ("done", 3)
    assert short_pauses == [0, 1, 2, 3, 4]
    assert shop.rows("select outcome, reason, count(*) from charges group by all order by all") == [
        ("billed", None, 3),
        ("not_billed", "try_later", 15),
    ]


@pytest.mark.slow
def test_a_service_that_stays_busy_ends_the_lane_for_this_run(shop, stand_in):
    """After `patience_seconds` the lane is incomplete, and the next run sends the pictures."""
    shop.store(2)
    shop.clarifai.always = stand_in.status_only(21351, "Model is deploying")
    result = shop.run(patience_seconds=0.05)
    assert result.status == "incomplete"
    assert "was not ready" in result.message and "MODEL_DEPLOYING" in result.message
    shop.clarifai.always = None
    assert shop.run().status == "done"


@pytest.mark.slow
def test_what_a_person_must_fix_stops_the_lane(shop, stand_in):
    """For each such code the lane fails after one request and says what to do. Nothing is spent."""
    shop.store(20)
    cases = [
        (11009, "CLARIFAI_PAT"),
        (11006, "no money or quota"),
        (69001, "no money or quota"),
        (21200, "model"),
    ]
    for number, (code, words) in enumerate(cases, 1):
        shop.clarifai.always = stand_in.status_only(code, "no")
        result = shop.run(batch=5, in_flight=1)
        assert result.status == "failed"
        assert words in result.message and "20 pictures are pending" in result.message
        assert len(shop.clarifai.requests) == number
    assert set(shop.outcomes()) == {"not_billed"}
    assert "stopped" in {reason for (reason,) in shop.rows("select distinct reason from charges")}
    shop.clarifai.always = None
    assert shop.run().status == "done"


def test_a_wrong_key_is_reported_and_never_shown(shop, caplog):
    """The server sends the key back; it is in no message, no log and no table."""
    shop.store(1)
    shop.key = "wrong-key-0123456789"
    result = shop.run()
    assert result.status == "failed" and "does not accept the key" in result.message
    text = result.message + caplog.text + str(shop.rows("select message from charges"))
    assert "API key not found: Key …" in text and shop.key not in text
    assert shop.key not in repr(shop.tagging()) + repr(shop.tagging().open_client().__dict__.get("_channel"))


def test_without_a_key_nothing_is_sent(shop):
    """The message says where to put a key."""
    shop.store(1)
    shop.key = None
    with pytest.raises(ClassifierUnavailable, match=r"CLARIFAI_PAT.*clarifai-pat"):
        shop.run()
    assert shop.clarifai.requests == []


def test_a_quota_that_ends_during_the_run_loses_no_paid_label(shop):
    """Responses before the end become labels. The rest is pending, and is bought once."""
    shop.store(30)
    shop.clarifai.quota = 20
    result = shop.run(batch=10, in_flight=1)
    assert (result.status, result.items) == ("failed", 20)
    assert len(shop.labelled()) == 20
    shop.clarifai.quota = None
    assert shop.run().items == 10
    assert set(shop.clarifai.bought.values()) == {1}


@pytest.mark.parametrize("after_work", [False, True])
def test_a_dropped_connection_counts_as_unknown_and_is_retried(shop, stand_in, after_work):
    """GRPC does not retry by itself: each try is a request in the ledger, and the lost one is unknown."""
    shop.store(4)
    shop.clarifai.script += [stand_in.abort(UNAVAILABLE, after_work=after_work)]
    result = shop.run()
    assert (result.status, result.items) == ("done", 4)
    assert len(shop.clarifai.requests) == 2
    assert shop.outcomes() == {"unknown": 4, "billed": 4}
    assert shop.clarifai.bought_again() == []


def test_tries_without_a_response_are_few(shop, stand_in):
    """A batch is sent three times at most, and after two lost batches the lane ends for this run."""
    shop.store(40)
    shop.clarifai.always = stand_in.abort(UNAVAILABLE, after_work=True)
    result = shop.run(batch=4, in_flight=1)
    assert result.status == "incomplete" and "does not respond" in result.message
    assert max(shop.clarifai.bought.values()) == plan.MAX_TRIES
    # Some batches were in the ledger before the first one was lost; they had their tries in between.
    assert len(shop.clarifai.requests) <= plan.MAX_TRIES * (plan.MAX_LOST_IN_A_ROW + 10)
    assert result.failures == 4 * plan.MAX_LOST_IN_A_ROW


def test_a_picture_without_any_response_is_given_up_after_some_runs(shop, stand_in):
    """After six requests without a response the picture gets a row that says so."""
    (sha256,) = shop.store(1)
    shop.clarifai.always = stand_in.abort(UNAVAILABLE, after_work=True)
    statuses = [shop.run().status for _ in range(3)]
    assert statuses == ["incomplete", "done", "done"]
    assert len(shop.clarifai.requests) == 6
    assert shop.rows("select sha256, reason from unlabelled") == [(sha256, "unanswered")]


def test_a_server_that_does_not_exist_costs_nothing(shop):
    """No request left this machine, so nothing counts as spent."""
    shop.store(3)
    shop.port = 9  # discard: nothing listens
    result = shop.run()
    assert result.status == "incomplete" and "failed to connect" in result.message
    assert shop.outcomes() == {"not_billed": 9}


@pytest.mark.slow
def test_a_response_after_the_deadline_counts_as_unknown(shop, stand_in):
    """A response that comes too late was perhaps billed."""
    shop.store(2)
    shop.clarifai.script += [stand_in.delay(4.0)]
    result = shop.run(deadline_seconds=3.0)
    assert result.status == "done"
    assert shop.outcomes() == {"unknown": 2, "billed": 2}
    assert shop.rows("select distinct message from charges where outcome = 'unknown'")[0][0].startswith(
        "DEADLINE_EXCEEDED"
    )


def test_a_mixed_response_stores_the_good_pictures(shop):
    """The good pictures have labels and are paid. The bad one is a row with its reason, and is not sent again."""
    shas = shop.store(5)
    shop.clarifai.bad = {shas[2]}
    result = shop.run()
    assert (result.status, result.items, result.failures) == ("done", 4, 1)
    assert shop.labelled() == set(shas) - {shas[2]}
    (row,) = shop.rows("select sha256, reason, message from unlabelled")
    assert row[:2] == (shas[2], "refused") and "INPUT_INVALID_ARGUMENT (30104): Bad picture" in row[2]
    assert shop.run().items == 0
    assert len(shop.clarifai.requests) == 1


@pytest.mark.slow
def test_a_request_that_fails_completely_does_not_reject_good_pictures(shop):
    """One bad picture fails the request with one code for all. Halving finds it; the others are bought once."""
    shas = shop.store(16)
    shop.clarifai.bad, shop.clarifai.fails_fast = {shas[11]}, True
    result = shop.run()
    assert (result.status, result.items, result.failures) == ("done", 15, 1)
    assert shop.labelled() == set(shas) - {shas[11]}
    assert set(shop.clarifai.bought.values()) == {1} and len(shop.clarifai.bought) == 15
    assert len(shop.clarifai.requests) == 9  # 1 + 2 a level of 16, 8, 4, 2
    assert shop.rows("select reason from unlabelled") == [("refused",)]


@pytest.mark.slow
def test_too_few_and_too_many_outputs_are_matched_by_position(shop, stand_in):
    """A picture without an output is sent again; surplus outputs are ignored."""
    shas = shop.store(4)

    def respond(request, sha256s):
        outputs = [stand_in.output(request.model, one) for one in sha256s]
        return stand_in.service_pb2.MultiOutputResponse(status=stand_in.status(10000), outputs=outputs)

    def shortened(server, request, context):
        for entry in server.bill(request)[:3]:
            entry.delivered = True
        return respond(request, request.sha256s[:3])

    def lengthened(server, request, context):
        return respond(request, (*request.sha256s, "0" * 64))

    shop.clarifai.script += [shortened, lengthened]
    assert shop.run().status == "done"
    assert [len(one.sha256s) for one in shop.clarifai.requests] == [4, 1]
    assert shop.labelled() == set(shas)
    assert shop.outcomes() == {"billed": 4, "unknown": 1}


def test_a_request_that_is_too_large_is_split(shop, stand_in):
    """GRPC's own status for a message that is too large counts too. Nothing is billed for it."""
    shop.store(4)
    shop.clarifai.script += [
        stand_in.status_only(40033, "too large"),
        stand_in.abort(
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            after_work=False,
            details="SERVER: sent message larger than max",
        ),
    ]
    assert shop.run(in_flight=1).status == "done"
    assert [len(one.sha256s) for one in shop.clarifai.requests] == [4, 2, 2, 1, 1]
    assert shop.outcomes() == {"not_billed": 6, "billed": 4}


def test_an_unknown_status_code_is_retried(shop, stand_in):
    """A status without a name in this version is no crash; the next run sends the picture."""
    shop.store(1)
    shop.clarifai.script += [stand_in.status_only(one) for one in (77_777, 98_004, 0)]
    result = shop.run()
    assert result.status == "incomplete"
    assert shop.rows("select outcome, message from charges where message like 'status 77777%'")
    assert shop.run().status == "done"


def test_a_response_over_the_size_limit_is_rejected_and_retried(shop, stand_in):
    """The client rejects it, and its pictures count as unknown."""
    shop.store(1)
    huge = stand_in.service_pb2.MultiOutputResponse(
        status=stand_in.status(10000, "x" * (MAX_RESPONSE_BYTES + 1))
    )
    shop.clarifai.script += [lambda server, request, context: huge]
    assert shop.run().status == "done"
    assert shop.outcomes() == {"unknown": 1, "billed": 1}


def test_an_interrupt_stores_what_is_paid(shop, monkeypatch):
    """Ctrl-C with a request in flight: its response is stored, and nothing else is sent."""
    shop.store(20)
    shop.clarifai.seconds = 0.1
    real = sending.Sender._send

    def send(self):
        real(self)
        if self._in_flight:
            raise KeyboardInterrupt

    monkeypatch.setattr(sending.Sender, "_send", send)
    with pytest.raises(KeyboardInterrupt):
        shop.run(batch=5, in_flight=1)
    assert shop.outcomes()["billed"] == 5 and len(shop.labelled()) == 5
    assert set(shop.outcomes()) <= {"billed", "not_billed"}
    monkeypatch.setattr(sending.Sender, "_send", real)
    assert shop.run().items == 15
    assert set(shop.clarifai.bought.values()) == {1}


def test_two_workers_buy_each_picture_once(shop):
    """Two lanes at once on one home folder: the second waits for the first and finds everything bought."""
    shop.store(20)
    both_started = threading.Barrier(2)
    results = []

    def work():
        both_started.wait(HANG_SECONDS)
        results.append(shop.run(batch=5))

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(HANG_SECONDS)
    assert sorted(one.items for one in results) == [0, 20]
    assert set(shop.clarifai.bought.values()) == {1}
