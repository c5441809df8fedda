"""Rankings, a published home, and parsed markup and drawings, for the report's tests."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from xml.etree import ElementTree

import polars as pl
import pytest
from PIL import Image

from tasks.report.chart_style import dark_style
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import LabelGroup, Picture, PictureLabel
from warehouse.schema.tables import Observation, Post, PostPicture

SCHEMA = {
    "rank": pl.Int64,
    "label": pl.String,
    "posts": pl.Int64,
    "accounts": pl.Int64,
    "total": pl.Int64,
    "mean": pl.Float64,
    "median": pl.Float64,
    "share": pl.Float64,
}

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "</text></svg><script>alert(3)</script>",
    "\"quoted\" 'single' `tick` ${7*7} {{ 7*7 }} \\u003c &lt;",
    "--><!-- ]]> <![CDATA[",
    "\u202eturned round\u2066 مرحبا بالعالم",
    "line\u2028separator\nnewline\ttab",
    "control\x00\x0b\x1b\x7f\ufffe\uffff",
    "😀" * 60,
    "e" + "\u0301" * 5000,
    "x" * 200_000,
    "",
)

LIFT_SCHEMA = {
    **dict.fromkeys(("rank", "posts", "accounts", "total"), pl.Int64),
    **dict.fromkeys(("lift", "low", "high", "p", "q", "mean", "median", "share"), pl.Float64),
    "label": pl.String,
}


@pytest.fixture(autouse=True)
def draw_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw in the test's process, where V8 starts once for all tests; a complete run draws in one of its own."""
    monkeypatch.setattr("tasks.report.stage.draw_beside", nullcontext)


FIRST_POST = datetime(2025, 1, 1, 8, tzinfo=UTC)
LAST_READ = datetime(2026, 12, 1, tzinfo=UTC)
MARKUP = "<img src=x onerror=alert(1)>"
SCRIPT = "</script><script>alert(2)</script><!--"
ACCOUNTS = (("ann", 60, 10), (MARKUP, 30, 1))
"""Name, number of posts, and days between two posts."""
OTHER_LABELS = ("cat", SCRIPT, "\u202ejavascript:alert(3)\u2028 [x](http://x.org) data:image/webp;base64,AA")

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {
    SVG + tag
    for tag in ("svg", "g", "rect", "path", "line", "text", "tspan", "title", "defs", "clipPath", "style")
}

START = datetime(2026, 1, 1, tzinfo=UTC)
SEEN = datetime(2026, 6, 1, tzinfo=UTC)

Ranking = Callable[[Sequence[str]], pl.DataFrame]
Lifts = Callable[..., pl.DataFrame]


class Markup(HTMLParser):
    """An HTML text as a browser parses it: its tags with their attributes, and the text of scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.scripts: list[tuple[dict[str, str], str]] = []
        self.text = ""
        self.styles = ""
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Store the tag; a script's text follows."""
        named = {name: value or "" for name, value in attrs}
        self.tags.append((tag, named))
        self._inside = tag
        if tag == "script":
            self.scripts.append((named, ""))

    def handle_endtag(self, tag: str) -> None:
        """The text after the tag belongs to no script."""
        self._inside = ""

    def handle_data(self, data: str) -> None:
        """Text of a script, a style or the page."""
        if self._inside == "script":
            attributes, before = self.scripts[-1]
            self.scripts[-1] = (attributes, before + data)
        elif self._inside == "style":
            self.styles += data
        else:
            self.text += data

    def attributes(self, name: str) -> list[tuple[str, str]]:
        """Tag and value of every attribute called `name`."""
        return [(tag, named[name]) for tag, named in self.tags if name in named]


@pytest.fixture
def parse() -> Callable[[str], Markup]:
    """Parse an HTML text."""
    return Markup


@pytest.fixture
def hostile() -> tuple[str, ...]:
    """Names that an attacker might choose."""
    return HOSTILE


@pytest.fixture
def ranking() -> Ranking:
    """Make a ranking with these labels; its first row has 1,234,567 likes over 42 posts."""

    def make(labels: Sequence[str]) -> pl.DataFrame:
        totals = [1_234_567 // (place + 1) for place in range(len(labels))]
        rows = [
            (place + 1, label, 42, 3, total, total / 42, total / 50, 0.125)
            for place, (label, total) in enumerate(zip(labels, totals, strict=True))
        ]
        return pl.DataFrame(rows, schema=SCHEMA, orient="row")

    return make


@pytest.fixture
def lifts() -> Lifts:
    """Make a ranking by lift from rows of label, lift, low, high and q; each label has 48 posts."""

    def make(*rows: tuple[str, float | None, float | None, float | None, float | None]) -> pl.DataFrame:
        columns = ("label", "lift", "low", "high", "q")
        same = {
            "posts": 48,
            "accounts": 3,
            "p": 0.01,
            "total": 1_234_567,
            "mean": 25_720.1,
            "median": 24_000.0,
        }
        frame = [
            {"rank": place, "share": 0.125, **same, **dict(zip(columns, row, strict=True))}
            for place, row in enumerate(rows, start=1)
        ]
        return pl.DataFrame(frame, schema=LIFT_SCHEMA)

    return make


@pytest.fixture
def texts() -> Callable[[str], list[str]]:
    """All text that an SVG shows."""

    def read(svg: str) -> list[str]:
        elements = ElementTree.fromstring(svg).iter(SVG + "text")
        return [text for element in elements for text in element.itertext()]

    return read


@pytest.fixture
def check_harmless() -> Callable[[str], None]:
    """Check that an SVG has only drawing elements, no handlers and no external references."""

    def check(svg: str) -> None:
        for element in ElementTree.fromstring(svg).iter():
            assert element.tag in DRAWN
            assert element.tag != SVG + "style" or element.text == dark_style()
            for name, value in element.attrib.items():
                assert not name.startswith("on")
                assert "href" not in name
                assert "url(http" not in value

    return check


@pytest.fixture(scope="session")
def pet_home(empty_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A published home of 40 posts, whose pictures show a dog or a cat in turn; dogs get far more likes."""
    home = Home(shutil.copytree(empty_home.folder, tmp_path_factory.mktemp("pets") / "home"))
    Image.new("RGB", (20, 20), (80, 0, 0)).save(home.folder / "picture.png")
    numbers = range(40)
    home.lake.append([
        Post(source="s", post_id=f"{one}", account="ann", url=f"http://x.org/{one}", kind="image",
             posted_at=START + timedelta(days=one), caption=None, place=None, pinned=None, first_seen_at=SEEN,
             last_seen_at=SEEN)
        for one in numbers
    ])  # fmt: skip
    home.lake.append([
        PostPicture(source="s", post_id=f"{one}", position=0, picture_url="http://x.org/p", sha256=f"{one:064x}")
        for one in numbers
    ])  # fmt: skip
    home.lake.append([
        Observation(source="s", post_id=f"{one}", observed_at=SEEN, likes=100 + one % 7 + 200 * (one % 2),
                    comments=None, likes_hidden=False)
        for one in numbers
    ])  # fmt: skip
    home.lake.append([
        Picture(sha256=f"{one:064x}", bytes=1, width=20, height=20, format="png", path="picture.png", fetched_at=SEEN)
        for one in numbers
    ])  # fmt: skip
    home.lake.append([
        PictureLabel(sha256=f"{one:064x}", classifier="c", version="1", region=0, rank=1,
                     label=("cat", "dog")[one % 2], label_id=None, score=0.9, x0=None, y0=None, x1=None, y1=None,
                     labelled_at=SEEN)
        for one in numbers
    ])  # fmt: skip
    journal = begin_run(home.lake)
    journal.start("classify", "c")
    journal.finish("classify", "c", StageResult("done", 40, version="1"))
    publish(home)
    return home


@pytest.fixture(scope="session")
def hostile_home(empty_home: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A published home of two accounts, one with markup as its name; every second post shows a dog and has more likes.

    Its other labels, its captions and half of its addresses are hostile too.
    """
    home = Home(shutil.copytree(empty_home.folder, tmp_path_factory.mktemp("browser") / "home"))
    Image.new("RGB", (20, 20), (80, 0, 0)).save(home.folder / "picture.png")
    posts, pictures, observations, files, labels = [], [], [], [], []
    for account, count, step in ACCOUNTS:
        for number in range(count):
            post_id, sha256 = f"{account[:3]}{number}", f"{len(posts):064x}"
            posts.append(
                Post(source="s", post_id=post_id, account=account, kind="image", place=None, pinned=None,
                     url="javascript:alert(4)" if number % 2 else f"https://example.org/{number}",
                     posted_at=FIRST_POST + timedelta(days=number * step), caption=f"secret caption {MARKUP} {SCRIPT}",
                     first_seen_at=LAST_READ, last_seen_at=LAST_READ)
            )  # fmt: skip
            pictures.append(
                PostPicture(source="s", post_id=post_id, position=0, picture_url="https://x.org/p", sha256=sha256)
            )  # fmt: skip
            observations.append(
                Observation(source="s", post_id=post_id, observed_at=LAST_READ, comments=number % 9, likes_hidden=False,
                            likes=100 + number % 7 + 200 * (number % 2 == 0))
            )  # fmt: skip
            files.append(
                Picture(sha256=sha256, bytes=1, width=20, height=20, format="png", path="picture.png", fetched_at=LAST_READ)
            )  # fmt: skip
            shown = [
                ("objects", "dog" if number % 2 == 0 else OTHER_LABELS[number // 2 % 3]),
                ("colours", "red"),
            ]
            labels += [
                PictureLabel(sha256=sha256, classifier=classifier, version="1", region=0, rank=1, label=label,
                             label_id=None, score=0.9, x0=None, y0=None, x1=None, y1=None, labelled_at=LAST_READ)
                for classifier, label in shown
            ]  # fmt: skip
    groups = [
        LabelGroup(classifier="objects", label=label, label_group="animal") for label in ("cat", SCRIPT)
    ]
    for rows in (posts, pictures, observations, files, labels, groups):
        home.lake.append(rows)
    journal = begin_run(home.lake)
    for classifier in ("objects", "colours"):
        journal.start("classify", classifier)
        journal.finish("classify", classifier, StageResult("done", len(posts), version="1"))
    publish(home)
    return home
