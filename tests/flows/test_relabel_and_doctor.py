"""`likelens relabel` and `likelens doctor`."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

SECOND = '\n[[classifiers]]\nname = "again"\nkind = "visual"\n'


def count_labelled(folder: Path) -> list[tuple[str, int]]:
    """Return the classifiers with the number of pictures that they labelled."""
    with duckdb.connect(str(folder / "data" / "likelens.duckdb"), read_only=True) as database:
        query = "select classifier, count(distinct sha256) from current_labels group by 1 order by 1"
        return database.execute(query).fetchall()


@pytest.mark.slow
def test_a_new_classifier_labels_the_stored_pictures(unlabelled, likelens, command):
    """Only the named classifier runs, over all pictures, and its rankings are there at once."""
    settings = unlabelled / "likelens.toml"
    settings.write_text(settings.read_text() + SECOND)
    pictures = {file.name for file in (unlabelled / "data" / "pictures").rglob("*.jpg")}
    ran = likelens(unlabelled, "relabel", "--classifier", "again")
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert count_labelled(unlabelled) == [("again", len(pictures))]
    ranked = command(unlabelled, "rank", "--classifier", "again", "--by", "count", "--format", "csv")
    assert len(ranked.stdout.splitlines()) == 11
    assert command(unlabelled, "rank", "--classifier", "visual", "--by", "count").returncode == 2


def test_doctor_reports_every_part_of_a_run_and_what_is_missing(studio, command):
    """Each part has its line; a missing file of a classifier makes the status 3."""
    settings = studio / "likelens.toml"
    lane = '\n[[classifiers]]\nname = "m"\nkind = "litert"\nmodel = "no.tflite"\nlabels = "no.txt"\n'
    settings.write_text(settings.read_text() + lane)
    checked = command(studio, "doctor")
    assert checked.returncode == 3
    good = [line for line in checked.stdout.splitlines() if line.startswith("ok ")]
    for part in ("settings", "home", "Prefect", "source demo", "classifier visual", "GPU"):
        assert any(part in line for line in good), part
    (missing,) = (line for line in checked.stdout.splitlines() if line.startswith("MISSING"))
    assert "classifier m" in missing and "no.tflite" in missing
