"""`likelens demo`: the whole run against a gallery that it serves itself, offline."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from flows.commands.output import show
from flows.commands.rank import readable, title_of
from flows.commands.run import DONE, FAILED, INCOMPLETE, run
from flows.demo.gallery import INVENTED_NOTE, demo_gallery
from flows.demo.server import GalleryServer
from flows.settings import questions, read_settings
from warehouse.home import Home
from warehouse.rankings import classifiers_with_labels, rank
from warehouse.runs import WHOLE, stage_runs

POSTS = 60
FOLDER = "demo"
NEEDS_DOWNLOAD = "inception_v3"
"""The lane that needs weights from the network; the demo is whole without it, and says that it is missing."""

_SETTINGS = """# Written by `likelens demo`. {note}

home = "."
note = "{note}"

[[sources]]
name = "demo"
kind = "gallery"
profile = "imgrum"
url = "{url}"

[scrape]
delay_seconds = 0.2            # the gallery is our own; 5 seconds is the default for others

[fetch]
allow_private_hosts = ["127.0.0.1"]

[rank]
min_posts = 3                  # a mean over one or two posts says nothing

[[classifiers]]
name = "inception_v3"
kind = "keras"
application = "InceptionV3"
weights = "imagenet"

[[classifiers]]
name = "visual"
kind = "visual"
"""


def demo() -> int:
    """Serve the invented gallery, run the nightly flow on it, and show what came out."""
    folder = Path(os.environ.get("LIKELENS_HOME", FOLDER)).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "likelens.toml"
    gallery, pictures = demo_gallery(posts=POSTS, run=_nights(Home(folder)))
    with GalleryServer([gallery], pictures) as server:
        config.write_text(_SETTINGS.format(url=server.url(gallery), note=INVENTED_NOTE), "utf-8")
        print(
            f"A gallery of {POSTS} posts is served at {server.url(gallery)}\n{INVENTED_NOTE}\n",
            file=sys.stderr,
        )
        status = run(config)
    if status == FAILED:
        return FAILED
    _show_rankings(config)
    _tell_next(config)
    return DONE if status == INCOMPLETE and _only_download_missing(config) else status


def _nights(home: Home) -> int:
    """How many runs there were: the invented counts grow from one to the next."""
    return len(stage_runs(home.lake, "stage = ?", [WHOLE])) if home.lake.folder.exists() else 0


def _show_rankings(config: Path) -> None:
    settings = read_settings(config)
    labelled = classifiers_with_labels(settings.home)
    for question in questions(settings):
        if question.classifier in labelled:
            print()
            show(readable(rank(settings.home, question), question).drop("accounts"), title=title_of(question))


def _tell_next(config: Path) -> None:
    home = read_settings(config).home
    shown = os.path.relpath(config)
    print(f"{INVENTED_NOTE}\n")
    print(f"Database  {os.path.relpath(home.database)}")
    print(f"Charts    {os.path.relpath(home.report)}{os.sep}")
    print(f"Page      {os.path.relpath(home.report / 'report.html')}\n")
    likelens = _likelens()
    print("Next, try:")
    for command in (
        f"{likelens} report --config {shown} --open",
        f"{likelens} rank --config {shown} --classifier visual --by comments --statistic median",
        f"""{likelens} sql --config {shown} "from top_labels('visual', by := 'likes', n := 5)\"""",
    ):
        print(f"    {command}")


def _likelens() -> str:
    """The command as this shell finds it: by its name, or by its path below the folder."""
    return "likelens" if shutil.which("likelens") else os.path.relpath(sys.argv[0])


def _only_download_missing(config: Path) -> bool:
    lake = read_settings(config).home.lake
    last = stage_runs(lake, "stage = ?", [WHOLE])[-1]
    bad = [row for row in stage_runs(lake, "run_id = ?", [last.run_id]) if row.status != "done"]
    return all(row.stage == WHOLE or (row.stage, row.lane) == ("classify", NEEDS_DOWNLOAD) for row in bad)
