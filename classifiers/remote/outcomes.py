"""The reaction to a response of a server, and what it has for each picture."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from classifiers.protocol import Label

MAX_MESSAGE_LENGTH = 300


class Reaction(StrEnum):
    """What to do about one picture of a response."""

    KEEP = "keep"
    """Store its labels."""
    WAIT = "wait"
    """Back off, then send it again: the service is busy or starts the model. Nothing was billed."""
    AGAIN = "again"
    """Retry a few times; the first request may have been billed."""
    UNUSABLE = "unusable"
    """Send it once more: the service responded with something that can't be used. It was billed."""
    SPLIT = "split"
    """Send it in a smaller request: the service refused something in this one. Nothing was billed."""
    PICTURE = "picture"
    """The service refused this picture. Nothing was billed, unless the status says so."""
    STOP = "stop"
    """Stop the lane: the user must act. Nothing was billed."""


@dataclass(frozen=True, slots=True)
class Status:
    """A status: the reaction to it, its name, and a message for the user.

    `unsent` is true if the request certainly never left this machine; then nothing was billed. `billed` is true
    if a refusal was billed like a label. `retry_after` is the header of that name (RFC 9110).
    """

    reaction: Reaction
    name: str
    message: str
    unsent: bool = False
    billed: bool = False
    retry_after: str | None = None

    def __str__(self) -> str:
        return f"{self.name}: {self.message}" if self.message else self.name


@dataclass(frozen=True, slots=True)
class ExpectedOutput:
    """What the request was for: regions or concepts, the number of labels, and the pictures.

    `orientations` are the EXIF orientations of the sent pictures, in their order. `language` is that of a caption,
    as ISO 639-1; empty where the request was for labels alone.
    """

    regions: bool
    top: int
    orientations: tuple[int, ...]
    language: str = ""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence on a picture as plain text, and its language as ISO 639-1."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one picture: its labels and perhaps a sentence, or the error."""

    status: Status
    labels: tuple[Label, ...] = ()
    sentence: Sentence | None = None


def printable_line(text: str) -> str:
    """A server's text as one short line without control characters."""
    printable = "".join(c if c.isprintable() else " " for c in text[: 4 * MAX_MESSAGE_LENGTH])
    return " ".join(printable.split())[:MAX_MESSAGE_LENGTH]
