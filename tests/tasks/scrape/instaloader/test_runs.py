"""Run after run: a folder that is read again, that grows, and a run that is cut off."""

from __future__ import annotations

from itertools import islice

import pytest

from tasks.errors import BadInput
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.files.paging import MAX_POSTS
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source


@pytest.fixture
def saved(download, anonymous, logged_in, sidecar):
    """Two accounts' posts, with pictures, comments and a profile."""
    for number in range(5):
        download.post(f"ann/p{number}", anonymous(f"ann{number}"), 1_700_000_000 + number)
        download.picture(f"ann/p{number}.jpg", number)
    download.post("bob/c", logged_in("bob0", owner={"username": "bob"}, **sidecar("c", False, False)))
    download.picture("bob/c_1.jpg")
    download.picture("bob/c_2.jpg")
    download.write("ann/p1_comments.json", [{"id": 1, "created_at": 1_600_000_000, "text": "hi"}])
    node = {"username": "ann", "edge_followed_by": {"count": 9}}
    download.write("ann/ann_7.json.xz", {"node": node, "instaloader": {"node_type": "Profile"}})
    return download


def test_reading_a_folder_again_changes_nothing(importing, saved) -> None:
    """Every table is equal after the second run on an unchanged folder, times included."""
    ended = importing.run(saved.settings())
    assert (ended.status, ended.items) == ("done", 6)
    before = importing.tables()
    assert [len(before[name]) for name in ("posts", "observations", "post_pictures", "accounts")] == [
        6,
        6,
        7,
        1,
    ]
    importing.run(saved.settings())
    assert importing.tables() == before


@pytest.mark.slow
def test_changed_counts_are_observations(importing, saved, anonymous) -> None:
    """JSON that was downloaded again adds an observation of its post; a new file adds a post; no other row is added."""
    importing.run(saved.settings())
    saved.post("ann/p3", anonymous("ann3", edge_media_preview_like={"count": 40_000}), 1_700_086_400)
    saved.post("ann/p9", anonymous("ann9"), 1_700_086_400)
    importing.run(saved.settings())
    assert importing.rows("select likes from observations where post_id = 'ann3' order by observed_at") == [
        (36_044,),
        (40_000,),
    ]
    assert importing.rows("select (select count(*) from posts), (select count(*) from observations)") == [
        (7, 8)
    ]


def test_two_files_of_one_post_are_two_observations(importing, download, anonymous) -> None:
    """Of two files with one shortcode, each is an observation, and the newer one is the post, in any order."""

    def texts(caption: str, likes: int) -> dict[str, object]:
        edges = {"edges": [{"node": {"text": caption}}]}
        return {"edge_media_to_caption": edges, "edge_media_preview_like": {"count": likes}}

    download.post("a_new", anonymous("x", **texts("new", 2)), 1_700_000_200)
    download.post("b_old", anonymous("x", **texts("old", 1)), 1_700_000_100)
    download.picture("a_new.jpg")
    for _ in range(2):
        importing.run(download.settings())
        assert importing.rows("select caption from posts") == [("new",)]
        assert importing.rows("select picture_url like 'file:%' from post_pictures") == [(True,)]
        assert importing.rows("select likes from observations order by observed_at") == [(1,), (2,)]


def test_an_older_file_leaves_the_post_unchanged(importing, download, anonymous) -> None:
    """A file that was written earlier and is added later adds its observation, and leaves the post unchanged."""
    download.post("a", anonymous("x", caption=None), 1_700_000_200)
    importing.run(download.settings())
    posts = importing.rows("from posts")
    node = anonymous("x", edge_media_to_caption={"edges": []}, edge_media_preview_like={"count": 5})
    download.post("older", node, 1_600_000_000)
    importing.run(download.settings())
    assert importing.rows("from posts") == posts
    assert importing.rows("select likes from observations order by observed_at") == [(5,), (36_044,)]


def test_account_selects_one_profile(importing, saved) -> None:
    """With `account`, in any case, only its posts are read; a missing profile is an error."""
    assert set(importing.posts(saved.settings(account="BOB"))) == {"bob0"}
    with pytest.raises(BadInput, match=r"no post of the account cy.*Fix `folder` or `account`"):
        importing.pages(saved.settings(account="cy"))


def test_a_run_that_was_cut_off_resumes(importing, download, anonymous, tmp_path) -> None:
    """After a kill the missing posts are read, each once, even if the folder has changed."""
    for number in range(2 * MAX_POSTS + 3):
        download.post(f"{number % 3}/p{number:04d}", anonymous(f"s{number}"), ending="json")
    source = download.settings().open(importing.folder)
    spool = Spool(tmp_path / "cut.jsonl")
    for page in islice(source.pages(ReadContext(spool)), 1):
        spool.add(page)
    gone = min(file.name for file in (download.root / "0").iterdir())
    (download.root / "0" / gone).unlink()
    ended = scrape_source(
        ScrapeJob(importing.home, source, Spool(spool.file), ScrapeOptions()), lambda *_: None
    )
    assert (ended.status, ended.items) == ("done", 2 * MAX_POSTS + 3)
    assert importing.rows("select count(*) from posts") == [(2 * MAX_POSTS + 3,)]


def fetch(importing, saved):
    source = saved.settings().open(importing.folder)
    return fetch_pictures(importing.home, FetchOptions(folders=source.folders), lambda *_: None)


@pytest.mark.slow
def test_the_pictures_are_fetched_from_the_folder(importing, saved) -> None:
    """Local pictures are stored under their hash like downloads, once each; a second run copies none again."""
    importing.run(saved.settings())
    ended = fetch(importing, saved)
    assert (ended.status, ended.items, ended.failures) == ("done", 7, 0)
    assert importing.rows("select count(*) from post_pictures where sha256 is null") == [(0,)]
    importing.run(saved.settings())
    assert fetch(importing, saved).items == 0


@pytest.mark.slow
def test_a_changed_picture_is_copied_again(importing, saved) -> None:
    """A file that was replaced is copied again; one that was deleted after a run stays known."""
    importing.run(saved.settings())
    fetch(importing, saved)
    query = "select sha256 from post_pictures where post_id = 'ann{}'"
    before = [importing.rows(query.format(number)) for number in (1, 2)]
    saved.picture("ann/p1.jpg", 200)
    with (saved.root / "ann/p1.jpg").open("ab") as file:
        file.write(b"more")
    (saved.root / "ann/p2.jpg").unlink()
    importing.run(saved.settings())
    assert fetch(importing, saved).items == 1
    after = [importing.rows(query.format(number)) for number in (1, 2)]
    assert after[0] != before[0] and after[0] != [(None,)]
    assert after[1] == before[1]


def test_two_conflicting_files_are_reported(importing, download, anonymous) -> None:
    """Files with different contents of one post at one time are reported; equal contents, or another time, are harmless."""
    download.post("a/x", anonymous("x"))
    download.picture("a/x.jpg")
    download.post("b/x", anonymous("x"))
    download.post("c/x", anonymous("x", edge_media_preview_like={"count": 7}))
    download.post("d/x", anonymous("x", edge_media_preview_like={"count": 8}), 1_700_000_001)
    ended = importing.run(download.settings())
    assert (ended.status, ended.failures) == ("incomplete", 1)
    assert (
        "c/x.json.xz contradicts a/x.json.xz, which has the same time; set each file's time" in ended.message
    )
    assert importing.rows("select likes from observations order by 1") == [(8,), (36_044,)]


def test_a_second_comment_with_one_id_is_skipped(importing, download, anonymous) -> None:
    """Of two comments with one id and different contents, the second is skipped and reported."""
    download.post("x", anonymous("x"))
    download.write(
        "x_comments.json", [{"id": 1, "text": "hi"}, {"id": 1, "text": "no"}, {"id": 1, "text": "hi"}]
    )
    (page,) = importing.pages(download.settings())
    assert {one.text for one in page.posts[0].thread} == {"hi"}
    assert page.problems == (
        "x_comments.json: thread: '1' is also the id of another comment; this one was skipped",
    )
