"""Write a settings file from the answers to three questions."""

from __future__ import annotations

import shlex
import sys
from dataclasses import replace
from pathlib import Path

import click

from flows.errors import SettingsError
from flows.first_settings.classifier_choices import CHOICES, choose, list_choices
from flows.first_settings.classifier_drafts import ClassifierDraft, draft_classifiers
from flows.first_settings.places import Place, list_examples, recognise_place
from flows.first_settings.questions import Answers, Question, given_options
from flows.first_settings.rendering import render_settings
from flows.first_settings.source_draft import SourceDraft, Step
from flows.first_settings.sources import ALL_ACCOUNTS, draft_source
from flows.first_settings.writing import check_output, write_settings
from flows.home_settings import is_url
from flows.printable import printable
from flows.settings import DEFAULT_FILE

KINDS = ("mastodon", "gallery")


@click.command(help=__doc__)
@click.option("--source", help="Where the pictures are: an address, a file or a folder.")
@click.option("--account", help="The account.  [default: as the source names it]")
@click.option(
    "--classifier",
    "classifiers",
    multiple=True,
    metavar="NAME",
    help=f"One of {', '.join(choice.key for choice in CHOICES)}. May be repeated.",
)
@click.option("--user-id", help="Of an Instagram account: the id of your own professional account.")
@click.option("--profile", help="Of a web gallery: a built-in profile or a file.")
@click.option("--post-url", help="Of a table without addresses: that of a post, with {post_id} in it.")
@click.option("--words", help="Of zero_shot: what to look for, separated by commas.")
@click.option("--caption-model", help="Of caption: the model's name at the server.")
@click.option(
    "--home",
    default="data",
    show_default=True,
    help="Folder where everything is stored, or the URL of an object store: s3://BUCKET/FOLDER.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=DEFAULT_FILE,
    show_default=True,
    help="The file to write.",
)
@click.option("--yes", is_flag=True, help="Ask nothing: use the options and the suggestions.")
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
def init(
    source: str | None,
    account: str | None,
    classifiers: tuple[str, ...],
    user_id: str | None,
    profile: str | None,
    post_url: str | None,
    words: str | None,
    caption_model: str | None,
    home: str,
    output: Path,
    yes: bool,
    force: bool,
) -> int:
    check_output(output, force=force)
    options = {
        "--source": source,
        "--account": account,
        "--user-id": user_id,
        "--profile": profile,
        "--post-url": post_url,
        "--words": words,
        "--caption-model": caption_model,
    }
    answers = Answers(given_options(options), is_interactive=not yes)
    if not yes and not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise SettingsError(
            "likelens init asks its questions on a terminal, and this is none. Give the answers as options, with --yes:"
            " likelens init --yes --source https://mastodon.social/@ann. See docs/guide.md#likelens-init."
        )
    drafted = _ask_source(answers, output)
    chosen = _ask_classifiers(answers, classifiers)
    write_settings(output, render_settings(home, drafted, chosen), force=force)
    _print_end(output, home, drafted, chosen)
    return 0


def _ask_source(answers: Answers, output: Path) -> SourceDraft:
    """The first two questions: where the pictures are, and which account."""
    if answers.is_interactive and "--source" not in answers.given:
        click.echo(f"Where are your pictures? Paste an address or a path:\n\n{list_examples()}\n")
    place = answers.until_valid(
        ("--source",), lambda: recognise_place(answers.ask(Question("--source", "Source")), Path.cwd())
    )
    place = _settle_kind(place, answers)
    options = ("--account", "--user-id", "--profile", "--post-url")
    draft = answers.until_valid(options, lambda: draft_source(place, output.absolute().parent, answers.ask))
    if answers.given.get("--account", ALL_ACCOUNTS) != ALL_ACCOUNTS and "account" not in draft.keys:
        raise SettingsError(
            f"The source names its accounts itself, and all of them are read. Leave out --account.\n{draft.describe()}"
        )
    for line in draft.found:
        print(line)
    return draft


_STORE_STEPS = (
    Step(
        "export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…",
        "the keys of the object store, if this machine has no role; docs/object-store.md",
    ),
)


def _settle_kind(place: Place, answers: Answers) -> Place:
    """An address without a sign of its kind: a server, unless there is a profile for a gallery."""
    if place.is_sure or place.kind not in KINDS:
        return place
    if "--profile" in answers.given:
        kind = "gallery"
    elif answers.is_interactive:
        kind = click.prompt(
            "Is it Mastodon or Pixelfed (mastodon), or a web gallery (gallery)?", type=click.Choice(KINDS)
        )
    else:
        kind = "mastodon"
    return place if kind == "mastodon" else replace(place, kind="gallery", address=place.page)


def _ask_classifiers(answers: Answers, given: tuple[str, ...]) -> tuple[ClassifierDraft, ...]:
    """The third question: which classifiers."""
    if answers.is_interactive and not given:
        click.echo(f"\nWhat is to label the pictures?\n\n{list_choices()}\n")
    if given:
        answers.given["--classifier"] = ", ".join(given)
    options = ("--classifier", "--words", "--caption-model")
    return answers.until_valid(options, lambda: draft_classifiers(choose(given, answers.ask), answers.ask))


def _print_end(output: Path, home: str, source: SourceDraft, chosen: tuple[ClassifierDraft, ...]) -> None:
    names = ", ".join(one.name for one in chosen) or "none"
    print(f"Wrote {printable(str(output))}: source {source.name} ({source.kind}), classifiers: {names}.")
    config = [] if str(output) == DEFAULT_FILE else ["--config", str(output)]
    steps = [
        *(_STORE_STEPS if is_url(home) else ()),
        *source.to_do,
        *(step for one in chosen for step in one.to_do),
        Step(shlex.join(["likelens", "doctor", *config]), "checks everything that a run needs"),
        Step(shlex.join(["likelens", "run", *config]), "reads, labels and ranks; run it every night"),
    ]
    print("\nNext:")
    width = max(len(step.command) for step in steps)
    for number, step in enumerate(steps, start=1):
        print(printable(f"  {number}. {step.command:<{width}}   {step.why}"))
