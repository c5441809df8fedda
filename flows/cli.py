"""The command line: the group of commands, and the one place where an error becomes an exit status.

Exit status: 0 all done, 1 failed, 2 wrong settings or usage, 3 published but a source or lane is incomplete.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import NoReturn

import click

from flows import commands
from flows.errors import EXPECTED_ERRORS, SettingsError
from flows.interrupts import abort_on_interrupt
from flows.printable import printable_lines
from flows.start_up import set_defaults


class LazyGroup(click.Group):
    """The modules of `flows.commands` as commands: importing all of them would take seconds."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the modules."""
        return sorted(module.name for module in iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command's module, and return the command."""
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(f"{commands.__name__}.{cmd_name}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest a command for an unknown one: click compares it with `self.commands`, which is empty here."""
        names = self.list_commands(ctx)
        if args[0] not in names and not ctx.resilient_parsing:
            raise click.exceptions.NoSuchCommand(args[0], possibilities=names, ctx=ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them: a module's docstring is its command's help."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _docstring(name)) for name in self.list_commands(ctx)])


def _docstring(name: str) -> str:
    import ast

    source = Path(commands.__path__[0], f"{name}.py").read_text("utf-8")
    return ast.get_docstring(ast.parse(source)) or ""


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="likelens", prog_name="likelens")
def cli() -> None:
    """Show what the pictures of an account show that earns likes and comments.

    Exit status: 0 all done, 1 failed, 2 wrong settings or usage, 3 published but a source or a lane is
    incomplete.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line. An error that the user can fix becomes a few lines on standard error."""
    for stream in (sys.stdout, sys.stderr):
        # A sentence with a character that the terminal does not have is better than none.
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="replace")
    set_defaults()
    try:
        with abort_on_interrupt():
            status = cli.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        status = 130
    except EXPECTED_ERRORS as error:
        print(f"likelens: {printable_lines(str(error))}", file=sys.stderr)
        status = 2 if isinstance(error, SettingsError) else 1
    sys.exit(status)
