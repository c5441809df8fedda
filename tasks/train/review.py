"""The page with the pictures that the model is least sure of. It has no script; names and pictures are hostile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from classifiers.pictures import PictureSource
from tasks.thumbnails import thumbnail

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""The page's Content-Security-Policy: only pictures and styles of the page itself."""


@dataclass(frozen=True, slots=True)
class Case:
    """A picture, its class, the class that the model found without having seen it, and that one's probability.

    `doubt` is 1 minus the probability of its own class. `source` has its bytes.
    """

    file: Path
    name: str
    found: str
    share: float
    doubt: float
    source: PictureSource


def render_review(name: str, cases: Sequence[Case], total: int, command: str) -> str:
    """The page as HTML (to be written as UTF-8); `total` is the number of all pictures."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    shown = [
        {
            "file": _printable(str(case.file)),
            "name": case.name,
            "found": case.found,
            "share": case.share,
            "thumbnail": thumbnail(case.source),
        }
        for case in cases
    ]
    template = environment.get_template("review.html")
    return template.render(name=name, cases=shown, total=total, command=command, policy=POLICY)


def _printable(text: str) -> str:
    # A name may have bytes that are no UTF-8, which Python reads as surrogates and can't write.
    return text.encode("utf-8", "replace").decode("utf-8")
