"""The kind `caption` without a server: settings, statuses, texts and labels."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from classifiers.caption.client import open_client
from classifiers.caption.content_words import labels_from_list, labels_from_sentence
from classifiers.caption.languages import LANGUAGES, other_language
from classifiers.caption.options import CaptionOptions
from classifiers.caption.plain_text import clean_line, without_parts
from classifiers.caption.reactions import error_message, status_of_http
from classifiers.caption.request_form import first_form
from classifiers.caption.responses import read_response
from classifiers.caption.singular import singular
from classifiers.errors import ClassifierUnavailable
from classifiers.remote.outcomes import ExpectedOutput, Reaction, Sentence


@pytest.mark.parametrize(
    "wrong",
    [
        {"base_url": "http://api.example.com/v1"},
        {"base_url": "https://user:sk-secret@api.example.com/v1"},
        {"base_url": "ftp://localhost"},
        {"base_url": "localhost:11434"},
        {"base_url": "http://[::1"},
        {"base_url": "http://134744072/v1"},
        {"secret": "sk-secret"},
        {"language": "xx"},
        {"model": "two words"},
        {"longest_side": 10},
    ],
)
def test_wrong_settings_are_refused_without_their_secrets(wrong):
    """Plain http to a public server, a key in place of its name, and other mistakes are refused."""
    with pytest.raises(ValidationError) as refused:
        CaptionOptions(**wrong)
    assert all("sk-secret" not in one["msg"] for one in refused.value.errors())
    assert not any(one["loc"] and "sk-secret" in str(one["input"]) for one in refused.value.errors())


@pytest.mark.parametrize(
    ("given", "price", "limit"),
    [
        ({}, 0.0, None),
        ({"base_url": "http://192.168.1.5:8000/v1"}, 0.0, None),
        ({"base_url": "http://ollama:11434/v1", "monthly_budget": 5}, 0.0, 5),
        ({"base_url": "https://api.openai.com/v1"}, None, 1000),
        ({"base_url": "https://api.openai.com/v1", "price_per_1000": 2.5, "monthly_budget": 9}, 0.0025, 9),
        ({"price_per_1000": 2.5}, 0.0025, 1000),
        ({"price_per_1000": 0}, 0.0, None),
    ],
)
def test_only_ones_own_server_is_free_and_unlimited(given, price, limit):
    """A server elsewhere, or one with a price, has a budget even if the settings have none."""
    options = CaptionOptions(**given)
    assert (options.picture_price, options.monthly_limit) == (price, limit)


def test_a_proxy_that_cannot_be_used_is_reported_without_its_password(monkeypatch):
    """A server of one's own needs no proxy."""
    monkeypatch.setenv("ALL_PROXY", "other://me:proxy-secret@proxy.example")
    with pytest.raises(ClassifierUnavailable, match=r"The proxy of the environment can't be used") as caught:
        open_client("c", CaptionOptions(base_url="https://api.example.com/v1"), None)
    assert "proxy-secret" not in str(caught.value)
    open_client("c", CaptionOptions(), None).close()


def test_the_version_follows_what_a_response_depends_on():
    """Prompt, language and size change it; limits, budgets and the address do not."""
    first = CaptionOptions().prompt_version
    same = CaptionOptions(
        base_url="https://a.example/v1", top=3, in_flight=1, monthly_budget=3, deadline_seconds=9
    )
    assert same.prompt_version == first
    changed = ({"prompt": "What?"}, {"language": "de"}, {"longest_side": 512}, {"response_format": "text"})
    assert len({first, *(CaptionOptions(**one).prompt_version for one in changed)}) == 5


def test_an_error_with_status_200_is_no_caption():
    """Some servers send an error with HTTP 200: it has the reaction of its code, and the key is not in its message."""
    expected = ExpectedOutput(regions=False, top=3, orientations=(1,), language="en")

    def read(body):
        [outcome] = read_response(
            json.dumps(body).encode(), expected, lambda text: text.replace("secret", "…")
        )
        return outcome.status

    busy = read({"error": {"message": "Provider secret is busy", "code": 429}})
    assert (busy.reaction, busy.name, "secret" in busy.message) == (Reaction.WAIT, "HTTP 429", False)
    assert read({"error": "Model unloaded."}).reaction is Reaction.AGAIN
    assert read({"error": {"message": "n_ctx is 512", "code": 400}}).reaction is Reaction.STOP
    assert read({"choices": [], "error": None}).reaction is Reaction.UNUSABLE


@pytest.mark.parametrize(
    ("code", "message", "reaction"),
    [
        (401, "Incorrect API key", Reaction.STOP),
        (402, "Payment required", Reaction.STOP),
        (403, "Forbidden", Reaction.STOP),
        (403, "The input was flagged by moderation", Reaction.PICTURE),
        (404, "model not found", Reaction.STOP),
        (308, "", Reaction.STOP),
        (400, "this model does not support image input", Reaction.STOP),
        (400, "the request exceeds the available context size, try increasing it", Reaction.STOP),
        (400, "This model's maximum context length is 2048 tokens", Reaction.STOP),
        (429, "You exceeded your current quota (insufficient_quota)", Reaction.STOP),
        (429, "Rate limit reached", Reaction.WAIT),
        (503, "Loading model", Reaction.WAIT),
        (400, "content_policy_violation", Reaction.PICTURE),
        (413, "", Reaction.PICTURE),
        (500, "llama runner process has terminated", Reaction.AGAIN),
        (418, "", Reaction.AGAIN),
    ],
)
def test_each_status_has_its_reaction(code, message, reaction):
    """What the user must fix stops the lane, what passes is retried, and a refused picture costs only itself."""
    assert status_of_http(code, message, None).reaction is reaction


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error": {"message": "no", "code": "c"}}', "no c"),
        (b'{"error": "no"}', "no"),
        (b'{"detail": [{"msg": "no"}]}', "[{'msg': 'no'}]"),
        (b"<h1>\x00Bad\ngateway", "<h1> Bad gateway"),
        (b"[" * 50_000, ("[" * 50_000)[:300]),
    ],
)
def test_error_messages_are_one_printable_line(body, message):
    """The message of each server's form of error, or the text itself."""
    assert error_message(body) == message


def test_a_fixed_format_is_never_replaced():
    """Only `auto` falls back: with a format of the user's choice the server's refusal is shown."""
    assert first_form("json_schema").without_refused(400, "unknown response_format") is None
    assert first_form("auto").without_refused(429, "response_format") is None
    simpler = first_form("auto").without_refused(400, "unknown response_format")
    assert simpler.response_format == "json_object"
    assert simpler.without_refused(422, "json_object").response_format == "text"


@pytest.mark.parametrize(
    ("plural", "one"),
    [
        ("golden retrievers", "golden retriever"), ("boxes", "box"), ("horses", "horse"), ("beaches", "beach"),
        ("pizzas", "pizza"), ("photos", "photo"), ("cherries", "cherry"), ("cookies", "cookie"), ("women", "woman"),
        ("glasses", "glasses"), ("dresses", "dress"), ("bus", "bus"), ("grass", "grass"), ("tennis", "tennis"),
        ("series", "series"), ("cactus", "cactus"), ("shoes", "shoe"), ("houses", "house"), ("sky", "sky"),
    ],
)  # fmt: skip
def test_plurals_become_singular_where_that_is_safe(plural, one):
    """Regular and frequent irregular plurals change; words that only end like one stay."""
    assert singular(plural) == one


def test_labels_come_from_the_list_or_from_the_sentence():
    """Articles, duplicates and frequent words are no labels; in other languages words keep their form."""
    listed = labels_from_list(["The Dogs.", "dog", "a red car", "", "42", "with"], "en", 10)
    assert [(one.label, one.rank, one.score) for one in listed] == [("dog", 1, 1.0), ("red car", 2, 1.0)]
    german = labels_from_sentence("Zwei Hunde laufen über den Strand.", "de", 2)
    assert [one.label for one in german] == ["hunde", "laufen"]


@pytest.mark.parametrize(
    ("sentence", "language", "other"),
    [
        ("a cat sits on the sofa", "en", None),
        ("paris café", "en", None),
        ("une femme est assise sur un banc dans le parc", "en", "French"),
        ("a woman is sitting on the bench in a park", "fr", "English"),
        ("la mujer está en la playa con un perro", "es", None),
        ("猫がソファの上に座っている", "ja", None),
        ("猫がソファの上に座っている", "en", "another script"),
        ("a cat on the sofa", "ja", "another script"),
        ("kot siedzi na kanapie", "pl", None),
    ],
)
def test_a_wrong_language_is_recognised_only_where_it_is_sure(sentence, language, other):
    """Frequent words or another script decide; short texts and languages without a list pass."""
    words = sentence.replace("の", " ").split()
    assert other_language(words, language) == other


def test_a_text_with_thousands_of_starts_is_read_at_once():
    """Markup without an end hides what follows, in linear time."""
    assert clean_line("A cat. " + "<script>" * 100_000) == "A cat."
    assert without_parts("<think>" * 1_000_000, "<think>", "</think>") == ""
    text = f"A cat{' ' * 76_000}dog"
    body = json.dumps({"choices": [{"message": {"content": text}}]}).encode()
    (outcome,) = read_response(body, ExpectedOutput(False, 10, (1,), "en"))
    assert outcome.sentence == Sentence("A cat", "en")
    assert without_parts("a<THINK>b</think>c<think>", "<think>", "</think>") == "a c"


def test_a_clean_line_keeps_what_is_text():
    """Signs that look like markup stay; a long text ends at a word."""
    assert clean_line('"I <3 cats & dogs", 5 > 3') == 'I <3 cats & dogs", 5 > 3'
    assert clean_line("**Bold** `code`\n\nnext") == "Bold code next"
    assert clean_line("word " * 300, 50) == "word " * 8 + "word…"
    assert all(one.name for one in LANGUAGES.values())
