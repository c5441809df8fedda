"""`likelens relabel` and `likelens doctor`, as their user runs them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from flows.settings import read_settings
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.politeness import Politeness
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source
from warehouse.publish import publish

SWIFTLY = ScrapeOptions(Politeness(0.0))

SECOND = '\n[[classifiers]]\nname = "again"\nkind = "visual"\n'


@pytest.fixture
def unlabelled(studio: Path) -> Path:
    """A folder with posts and pictures that no classifier has seen."""
    settings = read_settings(studio / "likelens.toml")
    settings.home.prepare()
    (source,) = settings.sources
    spool = Spool(settings.home.spool("one") / "demo.jsonl")
    scrape_source(ScrapeJob(settings.home, source, spool, SWIFTLY), lambda *_: None)
    fetch_pictures(settings.home, FetchOptions(4, frozenset({"127.0.0.1"})), lambda *_: None)
    publish(settings.home)
    return studio


def labelled(folder: Path) -> list[tuple[str, int]]:
    """Classifiers with the number of pictures that they labelled."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        query = "select classifier, count(distinct sha256) from current_labels group by 1 order by 1"
        return database.execute(query).fetchall()


def test_a_new_classifier_labels_what_is_stored(unlabelled, likelens):
    """Only the classifier that is named runs, over all pictures, and its rankings are there at once."""
    settings = unlabelled / "likelens.toml"
    settings.write_text(settings.read_text() + SECOND)
    before = {file.name for file in (unlabelled / "data" / "pictures").rglob("*.jpg")}
    ran = likelens(unlabelled, "relabel", "--classifier", "again")
    assert ran.returncode == 0, ran.stderr[-2000:]
    (again,) = labelled(unlabelled)
    assert again == ("again", len(before))
    ranked = likelens(unlabelled, "rank", "--classifier", "again", "--by", "count", "--format", "csv")
    assert len(ranked.stdout.splitlines()) == 11
    assert likelens(unlabelled, "rank", "--classifier", "visual", "--by", "count").returncode == 2


def test_doctor_says_what_is_there_and_what_is_missing(studio, likelens):
    """Every part of a run has its line; a missing file and a silent host are told, and the status is 3."""
    good = likelens(studio, "doctor")
    assert good.returncode == 0, good.stdout
    assert "MISSING" not in good.stdout
    for part in ("settings", "home", "Prefect", "source demo", "classifier visual", "GPU"):
        assert part in good.stdout
    settings = studio / "likelens.toml"
    lane = '\n[[classifiers]]\nname = "m"\nkind = "litert"\nmodel = "no.tflite"\nlabels = "no.txt"\n'
    settings.write_text(settings.read_text() + lane)
    bad = likelens(studio, "doctor")
    assert bad.returncode == 3
    (missing,) = (line for line in bad.stdout.splitlines() if line.startswith("MISSING"))
    assert "no.tflite" in missing
    assert "Traceback" not in bad.stderr
