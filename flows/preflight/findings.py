"""The result of one check."""

from __future__ import annotations

from dataclasses import dataclass

from flows.printable import printable


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check; `page` of the docs explains what to do where it is not good."""

    good: bool
    text: str
    page: str = ""

    def __str__(self) -> str:
        text = printable(" ".join(self.text.split()))  # a library's error may have several lines
        if self.good or not self.page:
            return text
        return f"{text}{'' if text.endswith(('.', '?', '!')) else '.'} See {self.page}."
