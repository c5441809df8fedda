"""`likelens forget`: an account is gone from what was published, from the lake and from the disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from flows.demo.gallery import demo_gallery
from flows.demo.server import GalleryServer
from flows.settings import read_settings
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.pages import ScrapedComment
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.publish import publish
from warehouse.tables import Comment

SWIFTLY = ScrapeOptions(Politeness(0.0))

SOURCE = '[[sources]]\nname = "{name}"\nkind = "gallery"\nprofile = "imgrum"\nurl = "{url}"\n'


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    """A folder with two accounts scraped and published, and one more half-read in a spool."""
    accounts = [demo_gallery(posts=4, seed=seed, account=name) for seed, name in ((7, "ann"), (8, "bob"))]
    pictures = {path: accounts[0][1][path] for path in accounts[0][1]}
    with GalleryServer([replace(gallery) for gallery, _ in accounts], pictures) as server:
        (tmp_path / "likelens.toml").write_text(
            "".join(
                SOURCE.format(name=f"from_{gallery.account}", url=server.url(gallery))
                for gallery, _ in accounts
            )
        )
        settings = read_settings(tmp_path / "likelens.toml")
        settings.home.prepare()
        for source in settings.sources:
            spool = Spool(settings.home.spool("one") / f"{source.name}.jsonl")
            scrape_source(ScrapeJob(settings.home, source, spool, SWIFTLY), lambda *_: None)
    publish(settings.home)
    return tmp_path


def accounts(folder: Path) -> list[str]:
    """The accounts that are published."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        return [
            name for (name,) in database.execute("select distinct account from posts order by 1").fetchall()
        ]


def test_an_account_is_gone_and_the_others_stay(stored, likelens):
    """Its posts, its sizes and its spool are gone; the other account is as it was; the settings' hint is given."""
    assert accounts(stored) == ["ann", "bob"]
    ran = likelens(stored, "forget", "--account", "ann", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "Removed 4 posts" in ran.stdout
    assert "from_ann" in ran.stdout
    assert accounts(stored) == ["bob"]
    kept = [file.read_bytes() for file in (stored / "data").rglob("*.jsonl")]
    assert kept
    assert not any(b'"ann"' in content for content in kept)


def test_without_a_yes_nothing_is_removed(stored, likelens):
    """The command asks first, and no answer means no; an unknown account is told."""
    assert likelens(stored, "forget", "--account", "ann").returncode != 0
    assert accounts(stored) == ["ann", "bob"]
    unknown = likelens(stored, "forget", "--account", "nobody", "--yes")
    assert unknown.returncode == 2
    assert "Nothing of an account 'nobody' is stored" in unknown.stderr


def test_an_author_is_gone_in_every_spelling(stored, likelens):
    """Comments of one author go from what is published and from what waits; those of others stay."""
    home = read_settings(stored / "likelens.toml").home
    authors = home.authors()
    said = [comment(number, authors.stored(name)) for number, name in enumerate(("Eve", "@eve", "zoe"))]
    home.lake.append(said)
    publish(home)
    waiting = next((stored / "data" / "spool").glob("*/*.jsonl"))
    page = next(Spool(waiting).pages())
    spoken = ScrapedComment("c9", authors.stored("eve"), "still waiting")
    Spool(waiting).rewrite(lambda _: replace(page, posts=(replace(page.posts[0], thread=(spoken,)),)))
    ran = likelens(stored, "forget", "--author", "EVE", "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "Removed 2 comments" in ran.stdout
    with duckdb.connect(str(home.database), read_only=True) as database:
        assert database.execute("select comment_id from comments where text = 'words'").fetchall() == [("2",)]
    assert b"still waiting" not in waiting.read_bytes()
    assert likelens(stored, "forget", "--yes").returncode == 2
    assert likelens(stored, "forget", "--author", "a", "--account", "b", "--yes").returncode == 2


def comment(number: int, author: str | None) -> Comment:
    """A comment under a post."""
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
