"""The pages of docs/ with their code blocks, and a home folder after two runs, without Prefect.

A test that takes `sql_block`, `toml_block` or `python_block` runs once for each such block of the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from classifiers.pictures import PictureFile
from classifiers.protocol import Classifier, Label, PreparedPicture
from classifiers.remote.outcomes import Sentence
from classifiers.visual import VisualOptions
from classifiers.visual import load as load_visual
from flows.demo.gallery import demo_gallery
from flows.demo.server import GalleryServer
from tasks.classify.stage import label_pictures
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.labels import LabelledPicture, append_labels, caption_row
from tasks.read_comments.stage import read_comments
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.records.runs import RUN_STAGE, StageResult, begin_run
from warehouse.schema.forecast_tables import ForecastRow
from warehouse.schema.utc import as_utc

WITHOUT_DELAY = ScrapeOptions(Politeness(0.0))

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FENCED = re.compile(
    r'^(?P<indent> *)```(?P<language>\w+)(?: title="[^"]+")?\n(?P<text>.*?)^(?P=indent)```$',
    re.MULTILINE | re.DOTALL,
)
ROW = re.compile(r"^\|(.*)\|$")


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: its place, its language and its text."""

    page: str
    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """A page of docs/."""

    name: str
    text: str

    def blocks(self, language: str) -> list[Block]:
        """The page's fenced blocks in a language."""
        found = (
            Block(
                self.name, self.text.count("\n", 0, match.start()) + 1, match["language"], _fenced_text(match)
            )
            for match in FENCED.finditer(self.text)
        )
        return [block for block in found if block.language == language]

    def section(self, heading: str) -> str:
        """Return the text under a heading (with its #s), up to the next heading."""
        after = f"\n{self.text}".split(f"\n{heading}\n", 1)
        assert len(after) == 2, f"{self.name} has no heading {heading!r}"
        return re.split(r"\n#{1,4} ", FENCED.sub("", after[1]), maxsplit=1)[0]

    def rows(self, heading: str, header: str) -> list[list[str]]:
        """Cells of the tables under a heading whose first line is `header`, without the first line."""
        lines = self.section(heading).splitlines()
        starts = [number for number, line in enumerate(lines) if line == header]
        assert starts, f"{self.name} has no table {header!r} under {heading!r}"
        return [row for start in starts for row in _rows(lines[start + 2 :])]


def _fenced_text(match: re.Match[str]) -> str:
    """Return the text of a block without the indentation of its fence, which it has in a list."""
    return re.sub(f"^{match['indent']}", "", match["text"], flags=re.MULTILINE)


def _rows(lines: Sequence[str]) -> Iterator[list[str]]:
    for line in lines:
        if not (found := ROW.match(line)):
            return
        yield [cell.strip() for cell in found[1].split("|")]


def read_pages() -> dict[str, Page]:
    return {file.name: Page(file.name, file.read_text("utf-8")) for file in sorted(DOCS.glob("*.md"))}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise a test with each block of its language."""
    for language in ("sql", "toml", "python"):
        if (name := f"{language}_block") in metafunc.fixturenames:
            readme = Page("README.md", (ROOT / "README.md").read_text("utf-8"))
            blocks = [block for page in (readme, *read_pages().values()) for block in page.blocks(language)]
            metafunc.parametrize(name, blocks, ids=[f"{block.page}:{block.line}" for block in blocks])


@pytest.fixture(scope="session")
def root() -> Path:
    """The project's folder."""
    return ROOT


@pytest.fixture(scope="session")
def pages() -> dict[str, Page]:
    """The pages by their file names."""
    return read_pages()


class WarmOrCold:
    """Replaces Inception v3, whose weights are not here: two labels for a picture, none for a dark one."""

    name = "inception_v3"
    version = "InceptionV3-0123456789ab"
    batch_size = 16

    def prepare(self, picture: PictureFile) -> PreparedPicture:
        """The picture at 8 x 8 pixels."""
        return picture.rgb_array(8, 8)

    def label(self, batch: Sequence[PreparedPicture]) -> list[list[Label]]:
        """A thing and a place."""
        return [self._labels(*np.asarray(one).mean(axis=(0, 1))) for one in batch]

    def _labels(self, red: float, green: float, blue: float) -> list[Label]:
        if red + green + blue < 150:
            return []
        thing = "espresso" if red > 1.2 * blue else "seashore"
        return [Label(thing, 0.8, 1, "n1"), Label("studio couch" if green > 90 else "stage", 0.1, 2, "n2")]


class DamagedAlbum(Mapping[str, bytes]):
    """Pictures with one that can't be decoded."""

    def __init__(self, pictures: Mapping[str, bytes], damaged: bytes) -> None:
        self.pictures = pictures
        self.damaged = damaged
        self.at = sorted(pictures)[3]

    def __getitem__(self, path: str) -> bytes:
        return self.damaged if path == self.at else self.pictures[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.pictures)

    def __len__(self) -> int:
        return len(self.pictures)


def run_stages(home: Home, urls: Sequence[str], classifiers: Sequence[Classifier]) -> None:
    """Run the stages of the flow `nightly` up to the published database."""
    journal = begin_run(home.lake)
    for number, url in enumerate(urls):
        name = ("instagram", "other")[number]
        source = GallerySettings(name=name, kind="gallery", profile="imgrum", url=url).open(home.folder)
        spool = Spool(home.spool(journal.run_id) / f"{name}.jsonl")
        journal.start("scrape", name)
        read = scrape_source(ScrapeJob(home, source, spool, WITHOUT_DELAY), lambda *_: None)
        journal.finish("scrape", name, read)
    journal.start("fetch")
    options = FetchOptions(8, frozenset({"127.0.0.1"}))
    journal.finish("fetch", "", fetch_pictures(home, options, lambda *_: None))
    read_comments(home, "hashed", lambda *_: None)
    for classifier in classifiers:
        journal.start("classify", classifier.name)
        journal.finish("classify", classifier.name, label_pictures(home, classifier, lambda *_: None))
    journal.finish(RUN_STAGE, "", StageResult("done", 1))
    publish(home)


def write_captions(home: Home) -> None:
    """Store what a lane of the kind caption stores, for each picture."""
    journal = begin_run(home.lake)
    journal.start("tag", "captions")
    now, version = datetime.now(UTC), "gemma3:4b@0123456789ab"
    shas = [sha256 for (sha256,) in home.lake.query("select sha256 from pictures order by sha256")]
    things, captions, labelled = ("espresso", "beach", "cat"), [], []
    for number, sha256 in enumerate(shas):
        thing = things[number % len(things)]
        sentence = Sentence(f"A {thing} lies in the warm sun.", "en")
        captions.append(caption_row(sha256, "captions", version, sentence, now))
        labelled.append(LabelledPicture(sha256, "captions", version, [Label(thing, 1.0, 1)], now))
    home.lake.append(captions)
    append_labels(home.lake, labelled)
    journal.finish("tag", "captions", StageResult("done", len(shas), version=version))
    journal.finish(RUN_STAGE, "", StageResult("done", 1))


def write_forecasts(home: Home) -> None:
    """Store forecasts of the observed posts, as if nights had made them."""
    rows = home.lake.query(
        "select source, post_id, account, kind, posted_at, likes from posts join observations using (source, post_id)"
        " where likes is not null and posted_at is not null"
    )
    home.lake.append(
        [
            ForecastRow(
                source=source, account=account, subject=post_id, measure="likes", version="forecast-1", kind=kind,
                posted_at=as_utc(posted_at), post_id=post_id, sha256=None, usual=likes, median=likes, low=likes / 2,
                high=likes * 2, made_at=as_utc(posted_at), before_posting=False,
            )
            for source, post_id, account, kind, posted_at, likes in rows
        ]
    )  # fmt: skip


@pytest.fixture(scope="session")
def studio(
    tmp_path_factory: pytest.TempPathFactory,
    pages: dict[str, Page],
    damaged_inside: bytes,
    forking: ModuleType,
    crawl_server: str,
) -> Path:
    """A folder with a home folder `data` after two runs, and the files of the pages' examples."""
    folder = tmp_path_factory.mktemp("studio")
    home = Home(folder / "data")
    home.prepare()
    gallery, pictures = demo_gallery(posts=36, account="instagram")
    other, more = demo_gallery(posts=8, account="other", seed=9)
    lanes: list[Classifier] = [load_visual("visual", VisualOptions()), WarmOrCold()]
    album = DamagedAlbum({**pictures, **more}, damaged_inside)
    with forking.forked_crawls(crawl_server), GalleryServer([gallery, other], album) as server:
        gone = sorted(pictures)[5]
        server.pictures = {path: server.pictures[path] for path in server.pictures if path != gone}
        urls = [server.url(gallery), server.url(other)]
        run_stages(home, urls, lanes)
        server.galleries = [demo_gallery(posts=36, account="instagram", run=3)[0], other]
        write_captions(home)
        write_forecasts(home)
        run_stages(home, urls[:1], lanes)
    profile = pages["gallery-profiles.md"]
    (folder / "pix.toml").write_text(profile.blocks("toml")[0].text, "utf-8")
    (folder / "page.html").write_text(profile.blocks("html")[0].text, "utf-8")
    return folder
