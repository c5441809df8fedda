"""`likelens maintain` after real runs: smaller copies, a relabel from them, the room on the disk, and forgetting."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from flows.demo.gallery import demo_gallery
from flows.demo.server import GalleryServer
from flows.settings import read_settings
from warehouse.home import Home
from warehouse.records.runs import stage_runs
from warehouse.schema.picture_tables import Picture

pytestmark = pytest.mark.slow

FORGOTTEN = "zebra.crossing"
SOURCE = '[[sources]]\nname = "{name}"\nkind = "gallery"\nprofile = "imgrum"\nurl = "{url}"\n'
SETTINGS = """
[scrape]
delay_seconds = 0.02
full_days = 0
comments = false

[fetch]
allow_private_hosts = ["127.0.0.1"]

[store]
originals_days = 30

[[classifiers]]
name = "visual"
kind = "visual"
"""
MORE = '\n[[classifiers]]\nname = "again"\nkind = "visual"\n'


def large(picture: bytes) -> bytes:
    """The picture with 1,200 pixels on its longest side."""
    import io

    from PIL import Image

    with Image.open(io.BytesIO(picture)) as image:
        scale = 1200 / max(image.size)
        buffer = io.BytesIO()
        size = round(image.width * scale), round(image.height * scale)
        image.convert("RGB").resize(size).save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def maintained(tmp_path_factory, likelens) -> Iterator[Path]:
    """A folder with two accounts after a run, whose pictures are old, and `likelens maintain`."""
    folder = tmp_path_factory.mktemp("maintained")
    accounts = [demo_gallery(posts=5, seed=seed, account=name) for seed, name in ((7, FORGOTTEN), (8, "bob"))]
    pictures = {path: large(data) for _, more in accounts for path, data in more.items()}
    with GalleryServer([gallery for gallery, _ in accounts], pictures) as server:
        sources = (SOURCE.format(name=f"s{n}", url=server.url(one)) for n, (one, _) in enumerate(accounts))
        (folder / "likelens.toml").write_text("".join(sources) + SETTINGS)
        ran = likelens(folder, "run")
        assert ran.returncode == 0, ran.stderr[-3000:]
        home = read_settings(folder / "likelens.toml").home
        home.lake.upsert([replace(row, fetched_at=row.fetched_at - timedelta(days=31)) for row in rows(home)])
        done = likelens(folder, "maintain", "--all-pictures")
        assert done.returncode == 0, done.stderr[-3000:]
        (folder / "summary.txt").write_text(done.stdout)
        yield folder


@pytest.fixture
def copied(maintained: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(maintained, tmp_path, dirs_exist_ok=True)
    return tmp_path


def rows(home: Home) -> list[Picture]:
    with home.lake.reader("from pictures") as reader:
        return Picture.fetch(reader.execute("from pictures order by all"))


def test_the_summary_says_what_was_done(maintained):
    """Copies, room, checks and hashes are in the summary and in the journal; every picture has its small file."""
    home = read_settings(maintained / "likelens.toml").home
    pictures = rows(home)
    text = (maintained / "summary.txt").read_text()
    assert f"{len(pictures)} originals were replaced by smaller copies (" in text
    assert f"{len(pictures)} pictures were compared with their hash." in text
    assert text.count("Checks passed: keys, references, counts") == 2
    (row,) = stage_runs(home.lake, "stage = 'maintain'")
    assert row.status == "done" and "smaller copies" in (row.message or "")
    for picture in pictures:
        stored = (home.folder / picture.path).read_bytes()
        assert hashlib.sha256(stored).hexdigest() == picture.copy_sha256 != picture.sha256
    files = [path for path in home.pictures.rglob("*") if path.is_file()]
    assert len(files) == len(pictures)
    with duckdb.connect(str(home.database), read_only=True) as database:
        published = database.execute("select path from pictures order by 1").fetchall()
        assert database.execute("select count(*) from post_labels").fetchall()[0][0] > 0
    assert published == sorted((picture.path,) for picture in pictures)


def test_the_status_shows_the_room(maintained, command):
    """Smaller copies, tables and what is saved."""
    shown = command(maintained, "status").stdout
    assert "Room on the disk" in shown
    for part in (
        "pictures, smaller copies",
        "tables, older versions and logs",
        "published database",
        "saved by",
    ):
        assert part in shown


def test_a_relabel_uses_the_copies_and_says_so(copied, likelens):
    """A new classifier labels every picture from its copy; labels of before stay as they were."""
    home = read_settings(copied / "likelens.toml").home
    count = len(rows(home))
    labels = home.lake.query("select * from labels order by all")
    with (copied / "likelens.toml").open("a") as settings:
        settings.write(MORE)
    ran = likelens(copied, "relabel", "--classifier", "again")
    assert ran.returncode == 0, ran.stderr[-3000:]
    sentence = f"{count} pictures were labelled from smaller copies, because originals_days replaced their originals."
    assert sentence in ran.stdout
    assert home.lake.query("select * from labels where classifier = 'visual' order by all") == labels
    from_copies = """select count(distinct sha256) from labels join pictures using (sha256)
                     where copy_sha256 is not null and labelled_at > reduced_at"""
    assert home.lake.count(from_copies) == count


def test_forgetting_leaves_no_byte_of_the_account(copied, command):
    """No file of the home folder has its name, the ids of its posts, or its pictures, also after a killed maintenance."""
    home = read_settings(copied / "likelens.toml").home
    ids = [row[0] for row in home.lake.query("select post_id from posts where account = ?", [FORGOTTEN])]
    hashes = [
        value
        for row in home.lake.query(
            """select sha256, copy_sha256 from pictures
               anti join (select sha256 from post_pictures anti join
                          (select post_id from posts where account = $1) using (post_id)) using (sha256)""",
            [FORGOTTEN],
        )
        for value in row
    ]
    assert len(ids) == 5 and hashes
    left = home.pictures / hashes[0][:2] / f"{hashes[0]}.jpg"
    left.write_bytes(b"an original that a killed maintenance left")
    (stage, *_) = stage_runs(home.lake, "stage = 'scrape'")
    home.lake.upsert([replace(stage, message=f"http://x.org/user/{FORGOTTEN}/1 can't be read")])
    words = [FORGOTTEN, *ids, *hashes]
    assert len(traces(home, words)) > 10
    ran = command(copied, "forget", "--account", FORGOTTEN, "--yes")
    assert ran.returncode == 0, ran.stderr
    assert traces(home, words) == []
    assert not left.exists()
    with duckdb.connect(str(home.database), read_only=True) as database:
        assert database.execute("select distinct account from posts").fetchall() == [("bob",)]
        assert database.execute("select count(*) from post_labels").fetchall()[0][0] > 0


def traces(home: Home, words: list[str]) -> list[str]:
    """Files of the home folder with one of the words in their name or content; Parquet files are decoded."""
    found = []
    for file in home.folder.rglob("*"):
        if file.is_file():
            text = file.name + file.read_bytes().decode("utf-8", errors="replace")
            if file.suffix == ".parquet":
                parquet = pq.ParquetFile(file)
                text += f"{parquet.read().to_pylist()} {parquet.metadata.to_dict()}"
            if any(word in text for word in words):
                found.append(str(file))
    return found
