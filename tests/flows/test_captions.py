"""The lane of captions as a user meets it: `doctor`, `run`, `rank`, `sql`, `status`, the report, bad settings."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LANE = """
[[classifiers]]
name = "captions"
kind = "caption"
base_url = "http://127.0.0.1:{port}/v1"
model = "picture-model"
secret = "CHAT_KEY"
requests_per_second = 1000
"""


@pytest.fixture
def chat(chat_server):
    """A stand-in with a key, its port, and the environment variable of the key."""
    fake = chat_server.FakeChat(key=chat_server.KEY)
    server, port = chat_server.serve(fake)
    yield fake, port, {"CHAT_KEY": chat_server.KEY}
    server.shutdown()
    server.server_close()
    assert fake.faults == []


def add_lane(folder: Path, port: int, **changes: str) -> Path:
    """Add the lane to the settings, with lines changed."""
    lane = LANE.format(port=port)
    for old, new in changes.items():
        lane = "\n".join(new if line.startswith(f"{old} ") else line for line in lane.splitlines())
    settings = folder / "likelens.toml"
    settings.write_text(settings.read_text() + lane)
    return settings


def test_a_run_captions_pictures_and_the_report_shows_them(unlabelled, likelens, command, chat, chat_server):
    """Doctor, dry run, run, ranking, SQL, status and report agree; nothing is sent twice, and the key is in no file."""
    fake, port, environment = chat
    add_lane(unlabelled, port)
    checked = command(unlabelled, "doctor", **environment)
    assert f"ok       classifier captions: {chat_server.MODEL}@" in checked.stdout
    dry = command(unlabelled, "relabel", "--classifier", "captions", "--dry-run")
    assert "They would cost nothing." in dry.stdout and fake.requests == []
    ran = likelens(unlabelled, "relabel", "--classifier", "captions", **environment)
    assert ran.returncode == 0, ran.stdout[-1000:] + ran.stderr[-2000:]
    sql = "select count(*), count(distinct sha256), any_value(caption) from captions semi join pictures using (sha256)"
    count, different, caption = (
        command(unlabelled, "sql", sql, "--format", "csv").stdout.splitlines()[1].split(",")
    )
    assert count == different and int(count) > 20
    assert caption.startswith("A ") and caption.endswith(" in the sun.")
    assert f"tag captions             done        {int(count):>8,}" in ran.stdout
    ranked = command(
        unlabelled, "rank", "--classifier", "captions", "--by", "count", "--format", "csv", "--top", "1"
    )
    assert ranked.stdout.splitlines()[1].startswith("1,sun,")
    status = command(unlabelled, "status").stdout
    (line,) = (line for line in status.split("Money:")[1].splitlines() if line.startswith(" captions"))
    assert line.split()[1] == count
    report = (unlabelled / "data" / "report" / "report.html").read_text()
    assert 'alt="A ' in report and '<span class="sentence" dir="auto">A ' in report
    fake.models.clear()  # nothing is pending, so that the next run needs no server
    sent = len(fake.requests)
    again = command(unlabelled, "relabel", "--classifier", "captions", "--dry-run")
    assert "0 of the stored pictures would be sent" in again.stdout and len(fake.requests) == sent == int(
        count
    )
    assert chat_server.KEY not in ran.stdout + ran.stderr + status
    files = [file for file in unlabelled.rglob("*") if file.is_file()]
    assert [file for file in files if chat_server.KEY.encode() in file.read_bytes()] == []


@pytest.mark.parametrize(
    ("changes", "environment", "message"),
    [
        (
            {},
            {},
            "has no key. Put it into the environment variable CHAT_KEY, or into the Prefect Secret block chat-key",
        ),
        (
            {"model": 'model = "llava"'},
            {"CHAT_KEY": "x"},
            "has no model llava. Its models: picture-model:latest",
        ),
        ({"base_url": 'base_url = "http://127.0.0.1:9/v1"'}, {"CHAT_KEY": "x"}, "does not respond"),
    ],
    ids=["key", "model", "server"],
)
def test_doctor_says_what_is_missing(unlabelled, command, chat, changes, environment, message):
    """A missing key, an unknown model and a server that is down are found without sending a picture."""
    fake, port, _ = chat
    add_lane(unlabelled, port, **changes)
    checked = command(unlabelled, "doctor", **{"CHAT_KEY": ""} | environment)
    assert checked.returncode == 3
    (line,) = (
        line for line in checked.stdout.splitlines() if line.startswith("MISSING  classifier captions")
    )
    assert message in line and fake.requests == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"secret": 'secret = "sk-abc-0123456789"'}, "secret is the name of an environment variable"),
        (
            {"base_url": 'base_url = "http://api.example.com/v1"'},
            "pictures would go to api.example.com without encryption",
        ),
    ],
    ids=["secret", "plain"],
)
def test_unsafe_settings_are_refused_without_the_key(unlabelled, command, changes, message):
    """The status is 2, the message says what to write, and a key that stands in the file is not repeated."""
    add_lane(unlabelled, 1, **changes)
    refused = command(unlabelled, "status")
    assert refused.returncode == 2 and message in refused.stderr
    assert "sk-abc" not in refused.stdout + refused.stderr


def test_an_unknown_price_is_not_counted_as_nothing(unlabelled, command):
    """Beside a server of one's own, which costs nothing, a service without a price is named."""
    settings = add_lane(unlabelled, 9)
    settings.write_text(settings.read_text() + '\n[[classifiers]]\nname = "paid"\nkind = "clarifai"\n')
    dry = command(unlabelled, "run", "--dry-run").stdout
    assert "They would cost 0.00 without paid: set price_per_1000 to see that cost." in " ".join(dry.split())
