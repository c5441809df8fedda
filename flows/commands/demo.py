"""Run every stage against a gallery that the demo serves itself, offline."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import click

from flows.demo.gallery import INVENTED_NOTE, demo_gallery
from flows.demo.photographs import missing_packages
from flows.demo.server import GalleryServer
from flows.errors import SettingsError
from flows.home_settings import home_variable, is_url
from flows.launch import DONE, FAILED, INCOMPLETE, prepare_run, run_flow
from flows.settings import questions, read_settings
from flows.terminal.output import choose_output, with_output
from flows.terminal.plan import plan_night
from warehouse.home import Home
from warehouse.records.runs import RUN_STAGE, stage_runs

POSTS = 60
FOLDER = "demo"
CLASSIFIERS_WITH_WEIGHTS = ("objects", "inception_v3")
"""Their weights come from an extra and from the network. Without them the demo is still a success."""

_SETTINGS = """# Written by `likelens demo`. {note}

home = "."
note = "{note}"

[[sources]]
name = "demo"
kind = "gallery"
profile = "imgrum"
url = "{url}"

[scrape]
delay_seconds = 0.2            # the demo serves this gallery; the default for other hosts is 5 seconds

[fetch]
allow_private_hosts = ["127.0.0.1"]

[rank]
min_posts = 5                  # the demo has few posts; the default is 10

[[classifiers]]
name = "objects"
kind = "keras"
application = "EfficientNetLite0"   # its weights are installed with likelens' extra `models`
top = 1                        # the best of its 1,000 classes; the default is five
embeddings = true              # finds similar pictures

[[classifiers]]
name = "inception_v3"
kind = "keras"
application = "InceptionV3"
weights = "imagenet"

[[classifiers]]
name = "visual"
kind = "visual"
"""
_MARK = _SETTINGS.partition("{")[0]


@click.command(help=__doc__)
@click.option("--config", hidden=True, help="Ignored: the demo writes its own settings.")
@with_output
def demo(config: str | None, quiet: bool, verbose: bool) -> int:
    output = choose_output(quiet=quiet, verbose=verbose)
    if missing := missing_packages():
        raise click.ClickException(
            f"The demo needs the photographs of {' and '.join(missing)}. Run"
            f" `pip install {' '.join(missing)}` (the extra `demo`), then run the demo again."
        )
    folder = _demo_folder()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "likelens.toml"
    _check_settings(file)
    gallery, pictures = demo_gallery(posts=POSTS, run=_count_runs(Home(folder)))
    with GalleryServer([gallery], pictures) as server:
        file.write_text(_SETTINGS.format(url=server.url(gallery), note=INVENTED_NOTE), "utf-8")
        if output != "result":
            print(
                f"A gallery of {POSTS} posts is served at {server.url(gallery)}\n{INVENTED_NOTE}\n",
                file=sys.stderr,
            )
        settings = prepare_run(file)

        def flow() -> object:
            from flows.nightly import nightly

            return nightly(str(file), return_state=True)

        status = run_flow(settings, plan_night(settings), output, flow, questions(settings))
    if status == FAILED:
        return FAILED
    if output != "result":
        _print_next_steps(file)
    return DONE if status == INCOMPLETE and _lacks_only_weights(file) else status


def _demo_folder() -> Path:
    home = home_variable()
    if home and is_url(home):
        raise SettingsError(
            f"LIKELENS_HOME is {home}, and the demo needs a folder of this machine. Unset LIKELENS_HOME, or set it to a"
            " folder."
        )
    return Path(home or FOLDER).absolute()


def _check_settings(file: Path) -> None:
    """Raise `SettingsError` for a settings file that the demo did not write: it would be replaced."""
    if file.exists() and not file.read_text("utf-8", "replace").startswith(_MARK):
        raise SettingsError(
            f"{file} are settings of your own, and the demo would replace them. Run the demo in another folder, or with"
            " another LIKELENS_HOME."
        )


def _count_runs(home: Home) -> int:
    """Count earlier runs: the invented counts grow from one run to the next."""
    return len(stage_runs(home.lake, "stage = ?", [RUN_STAGE])) if home.lake_folder.exists() else 0


def _print_next_steps(file: Path) -> None:
    shown = os.path.relpath(file)
    print(f"\n{INVENTED_NOTE}\n")
    likelens = "likelens" if shutil.which("likelens") else os.path.relpath(sys.argv[0])
    print("Next, try:")
    for command in (
        f"{likelens} report --config {shown} --open",
        f"{likelens} rank --config {shown} --classifier objects --group --by likes",
        f"""{likelens} sql --config {shown} "from top_lifts('objects', by := 'likes', n := 5)\"""",
    ):
        print(f"    {command}")


def _lacks_only_weights(file: Path) -> bool:
    lake = read_settings(file).home.lake
    last = stage_runs(lake, "stage = ?", [RUN_STAGE])[-1]
    not_done = [row for row in stage_runs(lake, "run_id = ?", [last.run_id]) if row.status != "done"]
    return all(
        row.stage == RUN_STAGE or (row.stage == "classify" and row.lane in CLASSIFIERS_WITH_WEIGHTS)
        for row in not_done
    )
