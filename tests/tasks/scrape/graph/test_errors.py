"""Error codes as what to do, usage headers as pauses, and which settings are taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.errors import AccountNotFound, BadSource, BadToken, LayoutChanged, SourceRefused, SourceUnreachable
from tasks.scrape.graph.adapter import GraphAdapter
from tasks.scrape.graph.source import GraphSettings

WALK = GraphAdapter("https://graph.example", "v25.0", "17841400000000001", "ann")


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (
            {"code": 190, "error_subcode": 463, "message": "Session has expired"},
            BadToken,
            "190/463: Session has exp",
        ),
        ({"code": "190"}, BadToken, "create a new"),
        ({"code": 2500, "message": "An active access token must be used"}, BadToken, "set INSTAGRAM_TOKEN"),
        ({"code": 2500, "message": "Syntax error"}, LayoutChanged, "Syntax error"),
        ({"code": 102}, BadToken, "INSTAGRAM_TOKEN"),
        ({"code": 10, "message": "no permission"}, BadToken, "instagram_manage_insights"),
        ({"code": 200}, BadToken, "pages_read_engagement"),
        ({"code": 4}, SourceRefused, "no requests left.*an hour"),
        ({"code": 17}, SourceRefused, "next run resumes"),
        ({"code": 32}, SourceRefused, "no requests left"),
        ({"code": 613}, SourceRefused, "no requests left"),
        ({"code": 80002}, SourceRefused, "no requests left"),
        (
            {"code": 110, "error_subcode": 2207013},
            AccountNotFound,
            "shows no account ann.*business or creator",
        ),
        ({"code": 24, "error_subcode": 2207013}, AccountNotFound, "Check the spelling"),
        ({"code": 100, "error_subcode": 2207013}, AccountNotFound, "shows no account ann"),
        ({"code": 100, "error_subcode": 33}, BadSource, "no user_id 17841400000000001"),
        ({"code": 803}, BadSource, "begins with 1784"),
        (
            {"code": 100, "message": "nonexisting field (x)"},
            LayoutChanged,
            r"nonexisting field \(x\).*api_version",
        ),
        ({"code": 2635}, BadSource, "newer api_version"),
        ({"code": 1}, SourceUnreachable, "lower page_size"),
        ({"code": 2}, SourceUnreachable, "retries"),
        ({"code": 99, "is_transient": True}, SourceUnreachable, "temporary"),
        ({"code": 368}, SourceRefused, "code 368"),
        ({}, SourceRefused, "no code"),
        ("a text", SourceRefused, "a text"),
    ],
)
def test_each_error_code_is_an_error_that_says_what_to_do(make_response, error, kind, says) -> None:
    """Each code is an error of the right class, with code and message in it."""
    refused = WALK.refusal(make_response({"error": error}, status=400))
    assert type(refused) is kind
    with pytest.raises(kind, match=says):
        raise refused


@pytest.mark.parametrize("text", ["", "<html>", "[]", "{}", '{"error": null}', "[" * 100_000])
def test_a_refusal_without_an_error_has_the_status_s_meaning(make_response, text) -> None:
    """A response without an error object has the usual meaning of its status."""
    assert WALK.refusal(make_response(text, status=403)) is None


def case(**usage) -> str:
    return json.dumps({"1784": [{"type": "instagram", "call_count": 10, **usage}]})


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"x-app-usage": '{"call_count": 94, "total_time": 20, "total_cputime": 5}'}, 0),
        ({"x-app-usage": '{"call_count": 10, "total_time": 20, "total_cputime": 95}'}, 300),
        ({"x-page-usage": '{"call_count": 100}'}, 300),
        ({"x-business-use-case-usage": case()}, 0),
        ({"x-business-use-case-usage": case(call_count=97.5)}, 300),
        ({"x-business-use-case-usage": case(estimated_time_to_regain_access=7)}, 420),
        ({"x-business-use-case-usage": case(estimated_time_to_regain_access=600, call_count=100)}, 36000),
        ({"x-business-use-case-usage": case(call_count="97"), "x-app-usage": "nonsense"}, 0),
        (
            {
                "x-business-use-case-usage": '{"1": 5, "2": [7], "3": [{"call_count": true}]}',
                "x-app-usage": "[9]",
            },
            0,
        ),
        ({"x-app-usage": '{"call_count": 1e999}'}, 0),
        ({"x-app-usage": "[" * 100_000}, 0),
    ],
)
def test_usage_headers_set_the_wait(make_response, headers, seconds) -> None:
    """From 95 percent on we wait, as long as the headers say; invalid headers are ignored."""
    assert WALK.pause_seconds(make_response({}, headers=headers)) == seconds


def settings(**given):
    given = {"name": "ann", "kind": "graph", "account": "ann", "user_id": "1784", **given}
    return GraphSettings.model_validate(given).open(Path())


def test_valid_settings_make_a_source() -> None:
    """A name may have its @, an id may be a number; the source requires a token."""
    source = settings(account="@ann.b_1", user_id=17841400000000001)
    assert source.account == "ann.b_1" and source.host == "graph.facebook.com"
    assert source.address.startswith(
        "https://graph.facebook.com/v25.0/17841400000000001?fields=business_discovery"
    )
    assert (source.secret_name, source.needs_secret) == ("INSTAGRAM_TOKEN", True)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"account": "ann){id}"}, "pattern"),
        ({"account": ""}, "pattern"),
        ({"user_id": "me/accounts"}, "pattern"),
        ({"base": "http://graph.facebook.com"}, "over http anyone on the way reads the token"),
        ({"api_version": "25"}, "pattern"),
        ({"page_size": 0}, "greater"),
        ({"token": "EAAG"}, "Extra"),
    ],
)
def test_invalid_settings_are_reported(given, says) -> None:
    """Mistakes are reported when the settings are read; a token in the file is one."""
    with pytest.raises(ValidationError, match=says):
        settings(**given)
