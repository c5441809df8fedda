"""What a server's other answers mean, what its limits ask for, and which settings are taken."""

from __future__ import annotations

import json
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from tasks.errors import AccountNotFound, BadSource, BadToken, LayoutChanged, SourceRefused
from tasks.scrape.mastodon.adapter import MastodonAdapter
from tasks.scrape.mastodon.source import MastodonSettings

WALK = MastodonAdapter("https://social.example", "ann")
CONTEXT = "https://social.example/api/v1/statuses/9/context"


@pytest.mark.parametrize(
    ("status", "body", "error", "says"),
    [
        (401, {"error": "The access token was revoked"}, BadToken, "was revoked.*create a new one.*set it"),
        (401, "<html>", BadToken, "MASTODON_TOKEN"),
        (403, {"error": "This action is outside the authorized scopes"}, BadToken, "without the scope read"),
        (403, {"message": ""}, BadToken, "nothing without a token"),
        (403, "<html>Cloudflare</html>", None, ""),
        (403, {"error": "Account is suspended"}, AccountNotFound, "gone or suspended"),
        (404, {"error": "Record not found"}, AccountNotFound, "knows no account ann.*give id"),
        (400, {"error": "Record not found"}, AccountNotFound, "knows no account ann"),
        (410, "", AccountNotFound, "gone"),
        (422, {"error": "This method requires an authenticated user"}, BadToken, "MASTODON_TOKEN"),
        (422, {"error": "limit is too large"}, LayoutChanged, "limit is too large"),
        (429, {"error": "Too many requests"}, SourceRefused, "is stored"),
        (503, "", None, ""),
        (401, {"error": "x" * 5000 + "\n"}, BadToken, "xxx…"),
    ],
)
def test_each_refusal_is_an_error_that_says_what_to_do(make_response, status, body, error, says) -> None:
    """Each refusal is an error of the right class, with a short quote of the server."""
    refused = WALK.refusal(make_response(body, status=status))
    if error is None:
        assert refused is None
        return
    assert type(refused) is error
    with pytest.raises(error, match=says):
        raise refused
    assert len(str(refused)) < 700


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("statuses/9/context", r"no comments .*comments = false"),
        ("accounts/7/statuses?x=1", "private account"),
    ],
)
def test_the_error_of_a_missing_token_names_alternatives(make_response, path, says) -> None:
    """Comments are optional, and a private account requires a follower's token."""
    refused = WALK.refusal(
        make_response({"error": "no"}, f"https://social.example/api/v1/{path}", status=403)
    )
    with pytest.raises(BadToken, match=says):
        raise refused


def test_a_missing_thread_is_not_a_missing_account(make_response) -> None:
    """A thread that does not exist says nothing about the account."""
    refused = WALK.refusal(make_response({"error": "Record not found"}, CONTEXT, status=404))
    assert isinstance(refused, AccountNotFound) and "post" in str(refused) and "spelling" not in str(refused)


@pytest.mark.parametrize(
    ("remaining", "limit", "reset", "seconds"),
    [
        ("299", "300", "2026-05-01T12:05:00.000Z", 0),
        ("4", "300", "2026-05-01T12:05:00Z", 0),
        ("3", "300", "2026-05-01T12:05:00Z", 300),
        ("0", "300", "2026-05-01T12:05:00Z", 300),
        ("1", None, "2026-05-01T12:00:30Z", 30),
        ("0", "300", "1777636830", 30),
        ("0", "300", "1777636830000", 30),
        ("0", "300", "30", 30),
        ("0", "300", "2026-05-01T11:00:00Z", 0),
        ("0", "300", "tomorrow", 0),
        ("0", "300", None, 0),
        ("0", "300", "9" * 400, 0),
        ("many", "300", "2026-05-01T12:05:00Z", 0),
        ("-1", "300", "2026-05-01T12:05:00Z", 0),
        (None, None, None, 0),
    ],
)
def test_limit_headers_set_the_wait(make_response, remaining, limit, reset, seconds) -> None:
    """The wait until the limit is renewed starts before it is used up; invalid headers are ignored."""
    given = {"x-ratelimit-remaining": remaining, "x-ratelimit-limit": limit, "x-ratelimit-reset": reset}
    headers = {name: value for name, value in given.items() if value is not None}
    pause = WALK.pause_seconds(make_response([], headers=headers))
    assert seconds <= pause <= seconds + 1
    assert (pause == 0) == (seconds == 0)


def test_the_servers_clock_is_used(make_response) -> None:
    """A server whose clock is an hour ahead does not cost an extra hour; an invalid Date is ignored."""
    one = make_response([])
    ahead = one.at + timedelta(hours=1)
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": (ahead + timedelta(seconds=20)).isoformat()}
    assert (
        20 <= WALK.pause_seconds(make_response([], headers={**headers, "date": format_datetime(ahead)})) < 22
    )
    assert WALK.pause_seconds(make_response([], headers={**headers, "date": "noon"})) > 3600


def settings(**given):
    return MastodonSettings.model_validate({"name": "ann", "kind": "mastodon", **given}).open(Path())


@pytest.mark.parametrize(
    ("given", "first_url", "account"),
    [
        ({"account": "ann"}, "https://s.example/api/v1/accounts/lookup?acct=ann", "ann"),
        (
            {"account": "@ann@o.example"},
            "https://s.example/api/v1/accounts/lookup?acct=ann%40o.example",
            "ann@o.example",
        ),
        ({"id": "13179"}, "https://s.example/api/v1/accounts/13179", "13179"),
        ({"id": 13179}, "https://s.example/api/v1/accounts/13179", "13179"),
    ],
)
def test_valid_settings_make_a_source(given, first_url, account) -> None:
    """An account is named as people write it, or by its id; a token is optional."""
    source = settings(server="https://s.example/", **given)
    assert (source.address, source.account, source.host) == (first_url, account, "s.example")
    assert (source.secret_name, source.needs_secret) == ("MASTODON_TOKEN", False)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({}, BadSource, "either account"),
        ({"account": "ann", "id": "7"}, BadSource, "not both"),
        ({"server": "http://s.example", "account": "ann"}, ValidationError, "https"),
        ({"server": "s.example", "account": "ann"}, ValidationError, "address"),
        ({"server": "https://s.example/?x=1", "account": "ann"}, ValidationError, "alone"),
        ({"server": "https://u:p@s.example", "account": "ann"}, ValidationError, "alone"),
        ({"account": "https://s.example/@ann"}, ValidationError, 'account = "ann"'),
        ({"id": "../7"}, ValidationError, "pattern"),
    ],
)
def test_invalid_settings_are_reported(given, error, says) -> None:
    """Mistakes are reported when the settings are read; a token never goes over http to another machine."""
    with pytest.raises(error, match=says):
        settings(**{"server": "https://s.example", **given})


def test_each_server_has_a_token_of_its_own(make_response) -> None:
    """The token comes from the variable of the source, and messages name that variable."""
    source = settings(server="https://s.example", account="ann", token_variable="PIXELFED_TOKEN")
    assert source.secret_name == "PIXELFED_TOKEN"
    assert "If PIXELFED_TOKEN is set" in str(source.adapter.refusal(make_response("", status=401)))
    with pytest.raises(ValidationError, match="pattern"):
        settings(server="https://s.example", account="ann", token_variable="s3cret-token")


def test_the_token_is_not_in_the_address() -> None:
    """The token is in a header, so no address has it."""
    sign_request = WALK.sign_request(WALK.first_url, "t0ken")
    assert sign_request.url == WALK.first_url and sign_request.headers["Authorization"] == "Bearer t0ken"
    assert "Authorization" not in WALK.sign_request(WALK.first_url, None).headers
    assert json.dumps(dict(sign_request.headers)).count("application/json") == 1
