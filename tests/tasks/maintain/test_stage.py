"""The stage maintain on a home folder with old versions, leftovers, damage and wrong rows."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime

import duckdb
import pytest
from deltalake import DeltaTable, write_deltalake

from tasks.maintain.options import MaintainOptions
from tasks.maintain.stage import maintain_home
from tasks.publish.stage import last_check, publish_lake
from warehouse.database.check_limits import CheckLimits
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.records.runs import StageResult, begin_run
from warehouse.schema.picture_tables import Picture, PictureLabel
from warehouse.schema.run_tables import StageRun
from warehouse.schema.tables import TABLES, Observation, Post, PostPicture
from warehouse.storage.delta_upkeep import FILE_RETENTION, LOG_RETENTION
from warehouse.upkeep import picture_files

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 1, tzinfo=UTC)
OPTIONS = MaintainOptions(7, None, True, CheckLimits())


def sha(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture
def home(stored: Home) -> Home:
    """The published home, as it was before the first test; at the same path, which its views have."""
    shutil.rmtree(stored.folder)
    return Home(shutil.copytree(stored.folder.with_name("before"), stored.folder))


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Twelve posts, each with a labelled picture, stored in many small batches, and published; with a copy."""
    home = Home(tmp_path_factory.mktemp("stored") / "home")
    home.prepare()
    home.lake.append(
        [StageRun(run_id="r", stage="classify", lane="c", started_at=NOW, ended_at=NOW, status="done", items=1,
                  failures=0, message=None, version="1")]
    )  # fmt: skip
    for number in range(12):
        store_post(home, number)
    for day in range(1, 20):
        seen = NOW.replace(day=day)
        home.lake.append(
            [
                Observation(
                    source="s", post_id="0", observed_at=seen, likes=day, comments=1, likes_hidden=False
                )
            ]
        )
    publish(home)
    shutil.copytree(home.folder, home.folder.with_name("before"))
    return home


def store_post(home: Home, number: int) -> None:
    key, picture = str(number), sha(str(number))
    path = f"pictures/{picture[:2]}/{picture}.jpg"
    (home.folder / path).parent.mkdir(parents=True, exist_ok=True)
    (home.folder / path).write_bytes(key.encode())
    rows = [
        Post(source="s", post_id=key, account="ann", url="http://x.org", kind="image", posted_at=NOW, caption=None,
             place=None, pinned=None, first_seen_at=NOW, last_seen_at=NOW),
        PostPicture(source="s", post_id=key, position=0, picture_url=f"http://x.org/{key}.jpg", sha256=picture),
        Picture(sha256=picture, bytes=len(key), width=10, height=10, format="jpeg", path=path, fetched_at=NOW),
        Observation(source="s", post_id=key, observed_at=datetime(2026, 3, 30, tzinfo=UTC), likes=number, comments=1,
                    likes_hidden=False),
        PictureLabel(sha256=picture, classifier="c", version="1", region=0, rank=1, label=f"l{number % 2}",
                     label_id=None, score=0.5, x0=None, y0=None, x1=None, y1=None, labelled_at=NOW),
    ]  # fmt: skip
    for row in rows:
        home.lake.append([row])


def run(home: Home, options: MaintainOptions = OPTIONS) -> StageResult:
    return maintain_home(home, options, lambda *_: None)


def test_everything_is_checked_and_nothing_changes(home: Home) -> None:
    """The tables have the same rows in fewer files, the lifts are those of before, and a reader reads throughout."""
    queries = [
        f"select * from {name} order by all" for name in TABLES if name not in ("lifts", "compared_posts")
    ]
    queries += ["select * exclude (computed_from) from compared_posts order by all"]
    lifts = "select * exclude (computed_at, computed_from) from lifts order by all"
    with duckdb.connect(str(home.database), read_only=True) as session:
        before = [session.execute(query).fetchall() for query in (*queries, lifts)]
        files = len(home.lake.files("observations"))
        result = run(home)
        assert (result.status, result.failures) == ("done", 0), result.message
        assert [session.execute(query).fetchall() for query in (*queries, lifts)] == before
    assert len(home.lake.files("observations")) == 1 < files
    assert "12 pictures were compared with their hash." in result.message
    assert "Checks passed: keys, references, counts, vectors, freshness, failed_pictures." in result.message
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as session:
        assert [session.execute(query).fetchall() for query in (*queries, lifts)] == before
        assert before[-1]
    with duckdb.connect(str(home.database), read_only=True) as session:
        assert session.execute("select count(*) from top_lifts('c', min_posts := 1)").fetchall() != []


def test_a_lost_and_a_changed_derived_row_are_written_again(home: Home) -> None:
    """A derived table with wrong rows is right after maintain and publish."""
    query = "select label, posts, total from lifts where measure = 'likes' order by all"
    with duckdb.connect(str(home.database), read_only=True) as session:
        before = session.execute(query).fetchall()
    lifts = DeltaTable(str(home.lake.folder / "lifts"))
    lifts.update(updates={"total": "total + 5"})
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as session:
        assert session.execute(query).fetchall() != before
    run(home)
    publish(home)
    with duckdb.connect(str(home.database), read_only=True) as session:
        assert session.execute(query).fetchall() == before


def test_missing_and_damaged_pictures_are_findings(home: Home) -> None:
    """The stage is incomplete and names them; leftover files of killed runs are gone."""
    files = sorted(path for path in home.pictures.rglob("*.jpg"))
    files[0].unlink()
    files[1].write_bytes(b"other")
    stranger = sha("stranger")
    left = home.pictures / stranger[:2] / f"{stranger}.jpg"
    left.parent.mkdir(exist_ok=True)
    left.write_bytes(b"x" * 1000)
    mine = files[2].with_name("notes.txt")
    mine.write_text("not ours")
    result = run(home)
    assert (result.status, result.failures) == ("incomplete", 2)
    assert f"1 picture files are missing, the first is {files[0].relative_to(home.folder)}" in result.message
    assert f"1 picture files are damaged, the first is {files[1].relative_to(home.folder)}" in result.message
    assert "1 files that no row names were deleted (0.0 MB)." in result.message
    assert not left.exists() and mine.exists() and files[2].exists()


def test_of_many_missing_pictures_a_few_are_named(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder of pictures is gone all are counted, and memory does not grow with them."""
    monkeypatch.setattr(picture_files, "MAX_NAMED", 2)
    shutil.rmtree(home.pictures)
    found = picture_files.check_pictures(home, check_all=True, progress=lambda *_: None)
    assert (found.number_missing, len(found.missing), found.damaged) == (12, 2, ())
    result = run(home)
    assert result.failures == 12
    assert "12 picture files are missing, the first is pictures/" in result.message


def test_wrong_rows_fail_the_stage(home: Home) -> None:
    """A double in an old file, which a publish does not read again, is found; the database stays.

    No file is merged or deleted: the published database may read files that are older than the history.
    """
    before = home.lake.files("observations")
    labels = home.lake.folder / "labels"
    write_deltalake(str(labels), DeltaTable(str(labels)).to_pyarrow_table().slice(0, 1), mode="append")
    result = run(home)
    assert result.status == "failed" and "labels: 1 keys" in result.message
    assert json.loads(result.counts or "")["checks"]["keys"]["problems"] == 1
    assert home.lake.files("lifts")
    assert home.lake.files("observations") == before and len(before) > 20


def test_a_publish_after_it_checks_new_rows_only(home: Home) -> None:
    """The maintenance has checked all rows, also those in the files that it has merged."""
    journal = begin_run(home.lake)
    journal.start("maintain")
    journal.finish("maintain", "", run(home))
    assert last_check(home.lake) is not None
    result = publish_lake(home, CheckLimits(), 7)
    assert json.loads(result.counts or "")["checks"]["counts"]["rows"] == 0


def test_a_cache_of_an_earlier_version_is_deleted(home: Home) -> None:
    """LiteRT copies were in `forecast/copies` once; the forecast models beside them and today's copies stay."""
    for name in (
        "forecast/copies/a.tflite",
        "forecast/copies/.lock",
        "forecast/likes/a.json",
        "litert/a.tflite",
    ):
        (home.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (home.folder / name).write_bytes(b"x" * 500_000)
    assert "2 files of a former version's cache were deleted (1.0 MB)." in run(home).message
    assert not (home.folder / "forecast" / "copies").exists()
    assert (home.folder / "forecast" / "likes" / "a.json").exists()
    assert (home.folder / "litert" / "a.tflite").exists()
    assert "former version" not in run(home).message


@pytest.mark.parametrize("days", [7, 90])
def test_old_files_stay_for_the_days_of_history(home: Home, days: int) -> None:
    """Every version of the last days is readable after it, and the log stays for as long."""
    table = DeltaTable(str(home.lake.folder / "observations"))
    versions = table.version()
    run(home, MaintainOptions(days, None, False, CheckLimits()))
    for version in (1, 5, versions):
        then = DeltaTable(str(home.lake.folder / "observations"), version=version)
        assert then.to_pyarrow_dataset().count_rows() == version
    kept = DeltaTable(str(home.lake.folder / "observations")).metadata().configuration
    assert kept.get(LOG_RETENTION, "interval 30 days") == f"interval {max(30, days + 1)} days"
    assert kept.get(FILE_RETENTION, "interval 7 days") == f"interval {days} days"
