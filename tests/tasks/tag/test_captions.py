"""A lane of captions against a fake chat server: what is sent, what is stored, and what goes wrong."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from PIL import Image

from classifiers.errors import ClassifierUnavailable
from tasks.tag.stage import local_lane, probe_models


def test_each_picture_gets_a_caption_and_labels_once(talk, chat_server):
    """Labels are in the model's order, singular, with score 1; a second night sends nothing, even with no server."""
    shas = talk.store(5)
    result = talk.run()
    assert (result.status, result.items, result.failures) == ("done", 5, 0)
    version = talk.tagging().options.prompt_version
    assert result.version == f"{chat_server.MODEL}@{version}"
    captions = dict(talk.rows("select sha256, caption from captions where language = 'en'"))
    assert set(captions) == set(shas)
    for sha256, caption in captions.items():
        _, first, _, _, _, second, *_ = caption.split()
        rows = talk.rows(f"select label, rank, score from labels where sha256 = '{sha256}' order by rank")
        assert rows == [(first, 1, 1.0), (second, 2, 1.0), ("sun", 3, 1.0)]
    assert set(talk.chat.received.values()) == {1} and talk.outcomes() == {"billed": 5}
    assert talk.rows("select distinct price from charges") == [(0.0,)]
    talk.chat.models = []  # the second night needs nothing of the server
    again = talk.run()
    assert (again.status, again.items) == ("done", 0) and again.version == result.version
    assert talk.chat.lists == 1 and list(talk.home.answers.iterdir()) == []


def test_pictures_are_sent_small_upright_and_without_metadata(talk):
    """A large picture with a place in its EXIF is sent as a JPEG of 768 pixels; the fake server checks the rest."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "secret place"
    talk.store_picture(Image.effect_noise((1600, 900), 40).convert("RGB"), exif=exif)
    assert talk.run().items == 1
    (request,) = talk.chat.requests
    assert request["response_format"]["json_schema"]["schema"]["required"] == ["caption", "labels"]
    assert request["temperature"] == 0 and request["max_tokens"] == 300


@pytest.mark.slow
def test_older_servers_get_simpler_requests(talk, chat_server):
    """A server without JSON schemas and with other names of parameters gets what it accepts; sentences become words."""

    def old(server, body):
        if "max_tokens" in body:
            return chat_server.error(400, "Use 'max_completion_tokens' instead of 'max_tokens'.")(
                server, body
            )
        if "temperature" in body:
            return chat_server.error(400, "Unsupported value: 'temperature'")(server, body)
        refused = chat_server.refuses_schema(server, body)
        return refused or chat_server.chat(
            "Two dogs and a woman with glasses run on a beach.\n\nHope this helps!"
        )

    talk.chat.always = old
    talk.store(3)
    assert talk.run(in_flight=1).status == "done"
    assert len(talk.chat.requests) == 3 + 4
    assert talk.rows("select distinct caption from captions") == [
        ("Two dogs and a woman with glasses run on a beach.",)
    ]
    labels = [one for (one,) in talk.rows("select label from labels group by label, rank order by rank")]
    assert labels == ["dog", "woman", "glasses", "run", "beach"]


HOSTILE = (
    "<script>alert(1)</script><b>A cat</b> \u202e\x00\x1b[31m sits &lt;img src=x onerror=alert(1)&gt; on a sofa. "
    + "Very long text about it. " * 400
)


def test_hostile_captions_become_plain_text(talk, chat_server):
    """HTML, control characters and 10,000 characters become a short plain line; odd labels are skipped."""
    odd = [
        "<i>A  Cat</i>",
        "cats",
        7,
        None,
        {"label": "x"},
        "the sofa",
        "x" * 500,
        "\u202e",
        "one two three four five six",
        "of",
    ]
    talk.chat.always = chat_server.says(json.dumps({"caption": HOSTILE, "labels": odd}))
    talk.store(1)
    assert talk.run(top=5).status == "done"
    ((caption,),) = talk.rows("select caption from captions")
    assert caption.startswith("A cat [31m sits on a sofa. Very long") and caption.endswith("…")
    assert len(caption) <= 500 and "<" not in caption and caption.replace("…", "").isprintable()
    assert talk.rows("select label, rank from labels order by rank") == [("cat", 1), ("sofa", 2)]


UNUSABLE = {
    "broken": ('{"caption": "A cat", "labels": [', "stop", "the JSON is broken"),
    "cut": ('{"caption": "A ca', "length", "cut off at max_tokens"),
    "empty": ('{"caption": " ", "labels": []}', "stop", "the caption is empty"),
    "nothing": (None, "stop", "the response is empty"),
    "language": (
        '{"caption": "Eine Katze sitzt auf dem Sofa und ein Hund steht neben der Tür.", "labels": ["Katze"]}',
        "stop",
        "the caption is not in English, but in German",
    ),
    "script": ('{"caption": "Кошка сидит на диване", "labels": []}', "stop", "in another script"),
    "other": ('{"text": "A cat"}', "stop", "no text caption"),
}


@pytest.mark.slow
def test_an_unusable_response_is_requested_once_more(talk, chat_server):
    """Broken and cut JSON, empty captions and a wrong language are retried once, then each picture has a row."""
    cases, numbers = list(UNUSABLE.values()), {}

    def respond(server, body):
        content, finish, _ = cases[numbers.setdefault(server.sent[-1], len(numbers))]
        return chat_server.chat(content, finish)

    talk.chat.always = respond
    talk.store(len(UNUSABLE))
    result = talk.run(in_flight=1)
    assert (result.status, result.items, result.failures) == ("done", 0, len(UNUSABLE))
    assert f"{len(UNUSABLE)} pictures got no usable response" in result.message
    assert {reason for reason, _ in talk.reasons()} == {"unanswered"}
    messages = [text for _, text in talk.reasons()]
    assert [one for _, _, one in UNUSABLE.values() if not any(one in text for text in messages)] == []
    assert set(talk.chat.received.values()) == {2} and talk.outcomes() == {"billed": 2 * len(UNUSABLE)}
    assert talk.run().items == 0 and set(talk.chat.received.values()) == {2}


@pytest.mark.slow
def test_one_bad_response_costs_only_itself(talk, chat_server):
    """Of four pictures one is refused by the model, one by the server; a broken response is good the second time."""
    talk.chat.script += [
        chat_server.says(None, refusal="I can't help with that."),
        chat_server.error(400, "Invalid image."),
        chat_server.says("{"),
        chat_server.says("I'm sorry, but I can't describe this picture."),
    ]
    talk.store(5)
    result = talk.run(in_flight=1)
    assert (result.status, result.items, result.failures) == ("done", 2, 3)
    assert [reason for reason, _ in talk.reasons()] == ["refused"] * 3
    assert "HTTP 400: Invalid image." in [message for _, message in talk.reasons()]
    assert talk.outcomes() == {"billed": 5, "not_billed": 1}
    assert talk.run().items == 0 and len(talk.chat.requests) == 6


@pytest.mark.slow
def test_limits_and_failures_are_retried(talk, chat_server, short_pauses):
    """A busy server is left alone for its Retry-After; a cut, a slow and a failed response are requested again."""
    usual = chat_server.chat('{"caption": "A boat.", "labels": ["boat"]}')
    talk.chat.script += [
        chat_server.error(429, "Rate limit reached", Retry_After="0"),
        chat_server.error(503, "Loading model"),
        lambda server, body: chat_server.Reply(body=usual.body, cut=20),
        None,
        lambda server, body: chat_server.Reply(body=usual.body, seconds=6),
        chat_server.error(500, "llama runner process has terminated"),
    ]
    talk.store(2)
    result = talk.run(in_flight=1, deadline_seconds=5)
    assert (result.status, result.items) == ("done", 2)
    assert talk.outcomes() == {"billed": 2, "not_billed": 2, "unknown": 3}
    assert len(short_pauses) == 5


def test_a_long_retry_after_ends_the_lane(talk, chat_server):
    """A server that wants no request for longer than patience_seconds ends the lane; the pictures stay pending."""
    talk.chat.always = chat_server.error(429, "Rate limit reached", Retry_After="3600")
    talk.store(2)
    result = talk.run(in_flight=1)
    assert result.status == "incomplete" and "was not ready for 600 s" in result.message
    assert "2 pictures are pending" in result.message and len(talk.chat.requests) == 1


@pytest.mark.slow
def test_what_a_user_must_fix_stops_the_lane_at_once(talk, chat_server):
    """One request is enough: the message says what to do, has no key, and every picture stays pending."""
    talk.key, talk.chat.key = "wrong-key-0123456789", chat_server.KEY
    talk.store(3)
    result = talk.run(in_flight=1, secret="CHAT_KEY")
    assert result.status == "failed" and "3 pictures are pending" in result.message
    assert "does not accept the key" in result.message and "wrong-key" not in result.message
    assert len(talk.chat.requests) == 1 and talk.reasons() == []
    assert talk.key not in str(talk.rows("select * from charges"))


def test_a_key_that_the_server_repeats_is_not_stored(talk, chat_server):
    """Neither a caption nor the end of a message that is cut has any of it."""
    talk.key = chat_server.KEY
    talk.chat.script += [
        chat_server.error(400, f"{'x' * 290} {chat_server.KEY}"),
        chat_server.says(f"A sign with the text {chat_server.KEY} on a wall."),
    ]
    talk.store(2)
    assert talk.run(in_flight=1, secret="CHAT_KEY").items == 1
    stored = [
        talk.rows(f"select * from {table}") for table in ("captions", "labels", "charges", "unlabelled")
    ]
    assert all(stored) and chat_server.KEY[:8] not in str(stored)


@pytest.mark.slow
def test_a_server_that_is_down_stops_the_lane(talk):
    """The message names the server and what to do; nothing is in the ledger, and the pictures stay pending."""
    talk.store(2)
    with pytest.raises(
        ClassifierUnavailable, match=r"http://127\.0\.0\.1:9/v1 does not respond .* Start it, or check"
    ):
        talk.run(base_url="http://127.0.0.1:9/v1")
    assert talk.outcomes() == {}
    assert talk.run().items == 2


def test_the_server_names_its_models(talk, chat_server):
    """A name without a tag is completed; an unknown one is refused with the known ones; none is right for one model."""
    assert probe_models(talk.tagging(model="picture-model"))[0].startswith(f"{chat_server.MODEL}@")
    with pytest.raises(ClassifierUnavailable, match=r"has no model llava.* Its models: picture-model:latest"):
        probe_models(talk.tagging(model="llava"))
    talk.chat.models.append("other")
    with pytest.raises(ClassifierUnavailable, match=r"choose one with the key model"):
        probe_models(talk.tagging())
    assert talk.chat.requests == []


@pytest.mark.slow
def test_with_a_price_budgets_and_ledger_hold(talk):
    """The budget stops the lane before it is exceeded; the cost and the pending pictures are known without a request."""
    talk.store(4)
    result = talk.run(price_per_1000=2.0, monthly_budget=3)
    assert (result.status, result.items) == ("incomplete", 3)
    assert "The monthly budget of 3 pictures is used up" in result.message
    assert talk.rows("select sum(price) from charges where outcome = 'billed'") == [(0.006,)]
    assert talk.run(price_per_1000=2.0, monthly_budget=4).items == 1


@pytest.mark.slow
def test_a_second_classifier_with_the_same_model_reuses_the_captions(talk):
    """Nothing is sent twice under another name; another prompt is another version, and is sent."""
    talk.store(3)
    talk.run()
    again = talk.run("second")
    assert again.status == "done" and len(talk.chat.requests) == 3
    assert talk.rows("select classifier, count(*) from captions group by 1 order by 1") == [
        ("caption", 3),
        ("second", 3),
    ]
    talk.home.lake.delete("captions", "classifier", ["second"])  # as after a kill between labels and captions
    talk.run("second")
    assert len(talk.rows("select * from captions where classifier = 'second'")) == 3
    lane = local_lane(talk.home, "caption", talk.tagging(prompt="Name the mood in {language}.").options)
    assert lane.version != again.version
    talk.run(prompt="Name the mood in {language}.")
    assert len(talk.chat.requests) == 6 and "mood in English." in json.dumps(talk.chat.requests[-1])


CHILD = """
import sys
from pathlib import Path
from classifiers.caption.options import CaptionOptions
from tasks.tag.stage import Tagging, tag_pictures
from warehouse.home import Home
folder, base = sys.argv[1:]
options = CaptionOptions(base_url=base, requests_per_second=1000, in_flight=2)
tag_pictures(Home(Path(folder)), Tagging("caption", options, lambda: None), lambda *_: None)
"""


@pytest.mark.slow
def test_a_killed_lane_resumes_where_it_stopped(talk, chat_server):
    """After SIGKILL in the middle every picture has one caption, and only those in flight were sent again."""
    shas = talk.store(12)
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(talk.home.folder), talk.tagging().options.base_url]
    )

    def kill(server, body):
        if len(server.requests) == 7:
            child.kill()
            child.wait()

    talk.chat.always = kill
    assert child.wait(timeout=600) == -9
    assert talk.run().status == "done"
    assert {sha for (sha,) in talk.rows("select sha256 from captions")} == talk.labelled() == set(shas)
    assert len(talk.chat.requests) <= 12 + 2 and "sent" not in talk.outcomes()
    assert talk.outcomes()["billed"] == 12 and list(talk.home.answers.iterdir()) == []
