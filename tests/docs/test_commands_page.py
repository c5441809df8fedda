"""The guide has every command and option, and every command line in the pages is valid."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from flows.cli import cli


def commands(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name; a group's own commands in place of the group."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


COMMANDS = dict(commands(cli))
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if isinstance(parameter, click.Option) and not parameter.hidden
    for option in (*parameter.opts, *parameter.secondary_opts)
]
SHELL = re.compile(r"^```sh\n(.*?)^```$|^    (\S[^\n]*)$", re.MULTILINE | re.DOTALL)
LINE = re.compile(r"^(?:.* && )?(?:\.venv/bin/)?(likelens .+?)(?: >> .+)?$")
SPAN = re.compile(r"`(?:\.venv/bin/)?(likelens [^`]+)`")


@pytest.fixture(scope="module")
def texts(pages, root) -> dict[str, str]:
    """The pages and the README."""
    return {
        "README.md": (root / "README.md").read_text("utf-8"),
        **{name: page.text for name, page in pages.items()},
    }


def lines(text: str) -> Iterator[str]:
    """Return the command lines in fenced or indented blocks."""
    for fenced, indented in SHELL.findall(text):
        yield from (found[1] for line in (fenced or indented).splitlines() if (found := LINE.match(line)))


def command_of(words: list[str]) -> tuple[str, list[str]]:
    """Split a line into its command, of one word or two, and the rest."""
    length = 2 if " ".join(words[:2]) in COMMANDS else 1
    return " ".join(words[:length]), words[length:]


def test_the_guide_has_every_command(pages):
    """Each command has its own heading or shares one."""
    headings = " ".join(re.findall(r"^### (.+)$", pages["guide.md"].text, re.MULTILINE))
    assert [name for name in COMMANDS if f"likelens {name}" not in headings] == []


@pytest.mark.parametrize(("command", "option"), OPTIONS, ids=[" ".join(one) for one in OPTIONS])
def test_the_guide_has_every_option(pages, command, option):
    """Each option is in the section of its command; --config and --format are described once."""
    guide = pages["guide.md"]
    where = guide.text if option in ("--config", "--format") else _section_of(guide.text, command)
    assert option in where


def _section_of(text: str, command: str) -> str:
    (section,) = re.findall(rf"^### [^\n]*likelens {command}\b.*?(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    return section


def test_every_command_line_is_valid(texts):
    """Command lines that a reader would copy have existing commands, options and values."""
    found = [line for text in texts.values() for line in lines(text)]
    assert len(found) > 12
    for line in found:
        name, arguments = command_of(shlex.split(line, comments=True)[1:])
        COMMANDS[name].make_context(name, arguments)


def test_every_command_in_a_sentence_exists(texts):
    """Commands in sentences, and their options, exist."""
    found = [span for text in texts.values() for span in SPAN.findall(text)]
    assert len(found) > 12
    for span in found:
        if span.split()[1] in ("--help", "--version"):
            continue
        name, rest = command_of(span.split()[1:])
        known = {
            option
            for parameter in COMMANDS[name].params
            for option in (*parameter.opts, *parameter.secondary_opts)
        }
        assert {word for word in rest if word.startswith("--")} <= known, span


def test_the_help_has_the_complete_help_of_every_command():
    """`likelens --help` reads the commands' help without importing them."""
    shown = " ".join(cli.get_help(click.Context(cli)).split())
    for name in cli.list_commands(click.Context(cli)):
        assert f" {name} {cli.get_command(click.Context(cli), name).help}" in shown


def test_a_mistyped_command_is_reported_with_a_suggestion():
    """The message names the command that the user may have meant."""
    with pytest.raises(click.UsageError) as raised:
        cli.main(["rnu"], standalone_mode=False)
    assert "Did you mean 'run'?" in raised.value.format_message()


def test_the_guide_has_the_exit_statuses(pages):
    """The guide has the exit statuses of the command line's help."""
    statuses = {status for status, _ in pages["guide.md"].rows("## Run", "| exit status | meaning |")}
    assert set(re.findall(r"\b(\d) [a-z]", cli.help or "")) == statuses - {"130"}
