"""Train a category of your own from examples, for the kind `trained`."""

from __future__ import annotations

import os
import re
import shlex
import sys
import time
from pathlib import Path

import click
import polars as pl

from flows.backbones import load_backbone
from flows.completion import complete, complete_lane
from flows.environment import prepare
from flows.errors import SettingsError
from flows.options import with_config
from flows.output import show
from flows.printable import printable
from flows.settings import DEFAULT_FILE, Settings, read_settings
from flows.settings_mistakes import MAX_NAME
from flows.terminal.output import Output, choose_output, with_output
from flows.terminal.watching import watch_run
from tasks.errors import BadInput
from tasks.scrape.model import SOURCE_NAME
from tasks.stage_events import StageName, current_report, report_end, report_stage
from tasks.train.duplicates import MIN_COSINE
from tasks.train.examples import Choice, Examples, collect_examples, count_by_class
from tasks.train.stage import REVIEW, TABLE, Training, check_examples, store_training
from tasks.train.stage import train as fit_category
from warehouse.records.runs import StageResult

SHOWN = 5
"""The least sure pictures that are printed; the page has more."""
FEW = 20
"""Different pictures of a class below which a note says that the intervals are wide."""
PROGRESS_SECONDS = 5.0
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command(help=__doc__)
@with_config
@click.argument("name")
@click.option("--yes", multiple=True, type=FOLDER, help="Folder of pictures that show it. May be repeated.")
@click.option("--no", multiple=True, type=FOLDER, help="Folder of pictures that do not.")
@click.option(
    "--yes-label",
    "yes_labels",
    shell_complete=complete("label"),
    multiple=True,
    help="Stored pictures with this label show it.",
)
@click.option(
    "--no-label",
    "no_labels",
    shell_complete=complete("label"),
    multiple=True,
    help="Stored pictures with this label do not.",
)
@click.option(
    "--csv",
    "table",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A table with the columns picture and class; two classes or more.",
)
@click.option(
    "--backbone",
    shell_complete=complete_lane,
    help="Classifier whose embeddings it uses.  [default: the first that stores them]",
)
@click.option(
    "--near-duplicate",
    "min_cosine",
    type=click.FloatRange(0, 1, min_open=True),
    default=MIN_COSINE,
    show_default=True,
    help="Cosine from which on two pictures count as one scene.",
)
@click.option(
    "--page",
    "most",
    type=click.IntRange(1, 1000),
    default=60,
    show_default=True,
    help="Pictures on the page.",
)
@click.option("--replace", is_flag=True, help="Replace a model of that name.")
@click.option("--force", is_flag=True, help="Store a model that is no better than a guess.")
@with_output
def train(
    config: Path,
    name: str,
    yes: tuple[Path, ...],
    no: tuple[Path, ...],
    yes_labels: tuple[str, ...],
    no_labels: tuple[str, ...],
    table: Path | None,
    backbone: str | None,
    min_cosine: float,
    most: int,
    replace: bool,
    force: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    output = choose_output(quiet=quiet, verbose=verbose)
    choice = Choice(table, yes, no, yes_labels, no_labels)
    _check_choice(name, choice)
    settings = read_settings(config)
    folder = _folder(settings, name, replace=replace)
    settings.home.prepare()
    examples = collect_examples(settings.home, name, choice)
    check_examples(examples)
    prepare(settings.home.folder)
    if not quiet:
        _print_examples(examples)
    training = _train(settings, name, examples, backbone, min_cosine, output)
    if not quiet:
        _print_quality(training)
    if not training.is_separable and not force:
        raise BadInput(
            f"The embeddings of {training.model.description.backbone.classifier} do not tell the classes apart: the interval of AUC reaches down to a guess (0.5)."
            " Nothing was stored. Check the classes of the pictures, add pictures, or name another --backbone; --force"
            " stores the model all the same."
        )
    again = _again(config, name, folder)
    store_training(training, folder, training.least_sure(most), again)
    settings.home.share_state()
    if quiet:
        print(f"Model  {folder}")
    else:
        _print_end(config, settings, name, folder, again)
    return 0


def _check_choice(name: str, choice: Choice) -> None:
    if not re.fullmatch(SOURCE_NAME, name) or len(name) > MAX_NAME:
        raise SettingsError(
            f"A name has letters, digits, '_', '-' and '.', at most {MAX_NAME}; {name!r} does not."
        )
    folders_or_labels = (*choice.yes, *choice.no, *choice.yes_labels, *choice.no_labels)
    if choice.table is not None:
        if folders_or_labels:
            raise SettingsError(
                "--csv names all pictures: leave out --yes, --no, --yes-label and --no-label."
            )
    elif not (choice.yes or choice.yes_labels):
        raise SettingsError("Name the pictures that show it: --yes FOLDER, --yes-label LABEL, or --csv FILE.")
    elif not (choice.yes_labels or choice.no or choice.no_labels):
        raise SettingsError("Name pictures that do not show it: --no FOLDER or --no-label LABEL.")


def _folder(settings: Settings, name: str, *, replace: bool) -> Path:
    """Where the model is stored: where the settings look for it, or in the home folder."""
    lane = next((one for one in settings.classifiers if one.name == name), None)
    if lane is not None and lane.kind != "trained":
        raise SettingsError(
            f"{settings.file} has a classifier {name!r} of the kind {lane.kind}. Choose another name."
        )
    folder = settings.home.trained / name if lane is None else Path(getattr(lane.options, "model", ""))
    if folder.exists() and not replace:
        raise SettingsError(
            f"{folder} exists already. Add --replace to replace the model, or choose another name."
        )
    is_other = not folder.is_dir() or (any(folder.iterdir()) and not (folder / "model.json").is_file())
    if folder.exists() and is_other:
        raise SettingsError(f"{folder} is no trained model, and is not replaced. Choose another name.")
    return folder


def _train(
    settings: Settings, name: str, examples: Examples, backbone: str | None, min_cosine: float, output: Output
) -> Training:
    """Load the backbone and fit the category, with the progress that the output has."""
    stage = StageName("train", name)
    with watch_run(settings.home, [stage], output) as log, report_stage(stage):
        model = load_backbone(settings, backbone)
        progress = _Lines() if log is None else current_report()
        training = fit_category(name, examples, model, settings.home.lake, min_cosine, progress)
        report_end(stage, StageResult("done", len(training.pictures)))
    return training


class _Lines:
    """Prints how many pictures are embedded, every few seconds."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        if time.monotonic() - self._last > PROGRESS_SECONDS:
            self._last = time.monotonic()
            print(f"embedded {done:,} of {total:,}", file=sys.stderr, flush=True)


def _print_examples(examples: Examples) -> None:
    counts = count_by_class(examples.pictures, examples.classes)
    print(f"Pictures: {', '.join(f'{printable(name)} {count:,}' for name, count in counts.items())}")
    if examples.copies:
        print(f"Copies of the same file, left out: {examples.copies:,}")
    sys.stdout.flush()


def _print_quality(training: Training) -> None:
    backbone = training.model.description.backbone
    print(f"Backbone: {backbone.classifier} ({backbone.version})")
    if training.unreadable:
        some = ", ".join(printable(file.name) for file in training.unreadable[:3])
        print(f"Files that can't be decoded, left out: {len(training.unreadable):,} ({some})")
    scenes = len(set(training.groups.tolist()))
    print(
        f"Near-duplicates: {len(training.pictures):,} pictures show {scenes:,} scenes; a scene is never on both sides"
    )
    frame = pl.DataFrame(
        {
            "class": [one.name for one in training.quality],
            "pictures": [one.pictures for one in training.quality],
            "scenes": [one.groups for one in training.quality],
            "precision": [str(one.precision or "none found") for one in training.quality],
            "recall": [str(one.recall) for one in training.quality],
            "auc": [str(one.auc) for one in training.quality],
        }
    )
    show(frame, title="On pictures that the model had not seen (95 % intervals)")
    names = training.model.description.classes
    taken_for = {f"found {one}": training.confusions[:, place].tolist() for place, one in enumerate(names)}
    show(pl.DataFrame({"pictures of": list(names), **taken_for}), title="What they were taken for")
    print("The least sure:")
    for case in training.least_sure(SHOWN):
        taken = "" if case.found == case.name else f", taken for {printable(case.found)}"
        print(f"  {1 - case.doubt:.2f} {printable(case.name)}{taken}: {printable(str(case.file))}")
    _print_warnings(training)


def _print_warnings(training: Training) -> None:
    if training.mixed:
        print(
            f"Note: {training.mixed} scenes have pictures of several classes. Look whether one of them is in the wrong class."
        )
    few = [printable(one.name) for one in training.quality if one.groups < FEW]
    if few:
        print(
            f"Note: fewer than {FEW} scenes of {', '.join(few)}, so the intervals are wide. More pictures help."
        )
    weak = [printable(one.name) for one in training.quality if not one.is_separable]
    if weak:
        print(f"Note: no better than a guess for {', '.join(weak)}.")


def _again(config: Path, name: str, folder: Path) -> str:
    return _command(config, "train", name, "--csv", str(folder / TABLE), "--replace")


def _command(config: Path, *words: str) -> str:
    """A command line for the user to copy."""
    named = ["--config", str(config)] if str(config) != DEFAULT_FILE else []
    return shlex.join(["likelens", *words, *named])


def _print_end(config: Path, settings: Settings, name: str, folder: Path, again: str) -> None:
    print(f"\nModel  {folder}\nPage   {folder / REVIEW}")
    if all(lane.name != name for lane in settings.classifiers):
        shown = os.path.relpath(folder, settings.file.absolute().parent)
        print(
            f'\nAdd it to {settings.file}:\n\n[[classifiers]]\nname = "{name}"\nkind = "trained"\nmodel = "{shown}"\n'
        )
    print(f"Label the stored pictures:\n    {_command(config, 'relabel', '--classifier', name)}")
    print(f"Correct the classes in {TABLE} and train again:\n    {again}")
