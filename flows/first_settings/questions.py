"""A question, and who answers it: an option of the command line, a person on a terminal, or nobody."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import click

from flows.errors import SettingsError

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the settings need: `option` gives it on the command line, `suggestion` is the default."""

    option: str
    text: str
    suggestion: str = ""


Ask = Callable[[Question], str]
"""Returns the value of an option, the user's answer, or the suggestion. Raises `SettingsError` without any."""


@dataclass(slots=True)
class Answers:
    """Answers from the options that were `given`, else from the terminal where a person is there."""

    given: dict[str, str]
    is_interactive: bool

    def ask(self, question: Question) -> str:
        """Return the answer. Raises `SettingsError` where there is none, and `click.Abort` when the user stops."""
        if given := self.given.get(question.option):
            return given
        if self.is_interactive:
            answer: str = click.prompt(question.text, default=question.suggestion or None)
            return answer.strip()
        if question.suggestion:
            return question.suggestion
        raise SettingsError(f"{question.text}: add {question.option}.")

    def until_valid(self, options: tuple[str, ...], work: Callable[[], Answer]) -> Answer:
        """Do work that asks; on a terminal print what is wrong with an answer, and ask again.

        `options` are those of its questions: where one of them was given on the command line, its error ends the command.
        """
        while True:
            try:
                return work()
            except SettingsError as error:
                if not self.is_interactive or any(self.given.get(option) for option in options):
                    raise
                click.echo(f"\n{error}\n")


def given_options(options: Mapping[str, str | None]) -> dict[str, str]:
    """The options that have a value."""
    return {name: value for name, value in options.items() if value}
