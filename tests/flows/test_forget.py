"""`likelens forget`: an account or an author is removed from the published database, the lake and the disk."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from flows.demo.gallery import demo_gallery
from flows.demo.server import GalleryServer
from flows.settings import read_settings
from flows.terminal.log_file import new_log_file
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import ScrapedComment
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.database.publish import publish
from warehouse.schema.tables import Comment

pytestmark = pytest.mark.slow

WITHOUT_DELAY = ScrapeOptions(Politeness(0.0))

SOURCE = '[[sources]]\nname = "{name}"\nkind = "gallery"\nprofile = "imgrum"\nurl = "{url}"\n'


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two scraped accounts; their spools are still there."""
    folder = tmp_path_factory.mktemp("scraped")
    accounts = [demo_gallery(posts=4, seed=seed, account=name) for seed, name in ((7, "ann"), (8, "bob"))]
    with GalleryServer([gallery for gallery, _ in accounts], accounts[0][1]) as server:
        (folder / "likelens.toml").write_text(
            "".join(
                SOURCE.format(name=f"from_{gallery.account}", url=server.url(gallery))
                for gallery, _ in accounts
            )
        )
        settings = read_settings(folder / "likelens.toml")
        settings.home.prepare()
        for source in settings.sources:
            spool = Spool(settings.home.spool("one") / f"{source.name}.jsonl")
            scrape_source(ScrapeJob(settings.home, source, spool, WITHOUT_DELAY), lambda *_: None)
    return folder


@pytest.fixture
def stored(scraped: Path, tmp_path: Path) -> Path:
    """A copy of `scraped`, published."""
    shutil.copytree(scraped, tmp_path, dirs_exist_ok=True)
    publish(read_settings(tmp_path / "likelens.toml").home)
    return tmp_path


def accounts(folder: Path) -> list[str]:
    """Return the published accounts."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        return [
            name for (name,) in database.execute("select distinct account from posts order by 1").fetchall()
        ]


def test_forget_removes_an_account_and_no_other(stored, command):
    """Its posts, its observations, its spool and the logs are removed; the message names the source that still reads it."""
    assert accounts(stored) == ["ann", "bob"]
    new_log_file(stored / "data" / "logs", "run").write_text("ann: 4 posts")
    ran = command(stored, "forget", "--account", "ann", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert not (stored / "data" / "logs").exists()
    assert "Removed 4 posts" in ran.stdout
    assert "from_ann" in ran.stdout
    assert accounts(stored) == ["bob"]
    spools = [file.read_bytes() for file in (stored / "data").rglob("*.jsonl")]
    assert spools
    assert not any(b'"ann"' in content for content in spools)


def test_without_confirmation_nothing_is_removed(stored, command):
    """The command asks first, and without input it removes nothing; an unknown account is reported."""
    assert command(stored, "forget", "--account", "ann").returncode != 0
    assert accounts(stored) == ["ann", "bob"]
    unknown = command(stored, "forget", "--account", "nobody", "--yes")
    assert unknown.returncode == 2
    assert "Nothing of an account 'nobody' is stored" in unknown.stderr


def test_forget_removes_an_author_in_every_spelling(stored, command):
    """An author's comments are removed from the tables and from the spools; those of others stay."""
    home = read_settings(stored / "likelens.toml").home
    authors = home.authors()
    rows = [comment(number, authors.stored(name)) for number, name in enumerate(("Eve", "@eve", "zoe"))]
    home.lake.append(rows)
    publish(home)
    spool = next((stored / "data" / "spool").glob("*/*.jsonl"))
    page = next(Spool(spool).pages())
    unstored = ScrapedComment("c9", authors.stored("eve"), "not stored yet")
    Spool(spool).rewrite(lambda _: replace(page, posts=(replace(page.posts[0], thread=(unstored,)),)))
    ran = command(stored, "forget", "--author", "EVE", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "Removed 2 comments" in ran.stdout
    with duckdb.connect(str(home.database), read_only=True) as database:
        assert database.execute("select comment_id from comments where text = 'words'").fetchall() == [("2",)]
    assert b"not stored yet" not in spool.read_bytes()
    assert command(stored, "forget", "--yes").returncode == 2
    assert command(stored, "forget", "--author", "a", "--account", "b", "--yes").returncode == 2


def comment(number: int, author: str | None) -> Comment:
    """Return a comment on a post."""
    return Comment(
        source="from_ann",
        post_id="1",
        comment_id=str(number),
        parent_id=None,
        author=author,
        text="words",
        posted_at=None,
        likes=None,
    )
