"""One's own account, as Instagram gives it to download."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from itertools import islice

import pytest

from tasks.errors import BadInput
from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.options import ScrapeOptions
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool
from tasks.scrape.stage import ScrapeJob, scrape_source

MEDIA = "your_instagram_activity/media"


def test_posts_of_all_kinds(importing, export, posts) -> None:
    """Pictures, carousels and reels are posts with their captions, letters and emoji as they were written."""
    found = importing.posts(export.settings())
    assert [(post.post_id, post.kind, len(post.pictures)) for post in found.values()] == [
        ("1673000000", "image", 1),
        ("1675000000", "carousel", 2),
        ("1680000000", "video", 0),
    ]
    assert [post.caption for post in found.values()] == ["Café 🌅 שלום", "Two & a clip", "reel"]
    assert found["1675000000"].posted_at == datetime.fromtimestamp(1_675_000_000, UTC)
    assert {post.url for post in found.values()} == {"https://www.instagram.com/ann/"}


def test_counts_are_unknown_and_not_invented(importing, export, posts) -> None:
    """An export has no likes and no numbers of comments: so it has no observations, and no error on a second night."""
    for _ in range(2):
        ended = importing.run(export.settings())
        assert (ended.status, ended.items) == ("done", 3)
    assert importing.rows("select count(*) from observations") == [(0,)]


def test_reading_again_changes_nothing(importing, export, posts) -> None:
    """An unchanged export leaves every table as it was; a newer one over it adds its posts."""
    importing.run(export.settings())
    before = importing.tables()
    importing.run(export.settings())
    assert importing.tables() == before
    newer = export.picture("media/posts/202401/new.jpg", 9)
    added = [*posts, {"media": {"uri": newer, "creation_timestamp": 1_704_100_000, "title": "new"}}]
    export.write(f"{MEDIA}/posts_1.json", added, 1_704_200_000)
    importing.run(export.settings())
    assert importing.rows("select count(*) from posts") == [(4,)]
    assert importing.rows("select kind, caption from posts where post_id = '1704100000'") == [
        ("image", "new")
    ]


def test_its_pictures_are_fetched_from_the_folder(importing, export, posts) -> None:
    """The export's own files are stored in place of downloads."""
    importing.run(export.settings())
    folders = export.settings().open(importing.folder).folders
    ended = fetch_pictures(importing.home, FetchOptions(folders=folders), lambda *_: None)
    assert (ended.status, ended.items) == ("done", 3)


@pytest.mark.parametrize("place", ["content", "your_instagram_activity/content", MEDIA])
def test_every_layout(importing, export, place) -> None:
    """Exports of all years are found where they have their posts, also one folder further down."""
    entry = {"media": [{"uri": "a.mp4", "creation_timestamp": 1_600_000_000}]}
    for number in (1, 2, 10):
        entry["media"][0]["creation_timestamp"] += 1
        export.write(f"instagram-ann-2024-01-01-xyz/{place}/posts_{number}.json", [entry])
    (page,) = importing.pages(export.settings(account=None))
    assert page.account == "ann"
    assert [post.post_id for post in page.posts] == ["1600000001", "1600000002", "1600000003"]


@pytest.mark.parametrize(
    "place", ["personal_information/personal_information", "personal_information", "account_information"]
)
def test_the_account_and_its_numbers(importing, export, posts, place) -> None:
    """The account's name is read from the export, its numbers from the lists of followers and followed."""
    person = {"profile_user": [{"string_map_data": {"Username": {"value": garbled_name("zoë")}}}]}
    export.write(f"{place}/personal_information.json", person)
    follower = {"title": "", "string_list_data": [{"value": "x"}]}
    connections = "connections/followers_and_following"
    export.write(f"{connections}/followers_1.json", [follower] * 3)
    export.write(f"{connections}/followers_2.json", [follower] * 2)
    export.write(f"{connections}/following.json", {"relationships_following": [follower] * 4})
    importing.run(export.settings(account=None))
    assert importing.rows("select account, followers, following, posts from accounts") == [
        ("zoë", 5, 4, None)
    ]
    assert importing.rows("select distinct account from posts") == [("zoë",)]


def garbled_name(name: str) -> str:
    return name.encode().decode("latin-1")


def test_an_account_that_is_not_named(importing, export, posts) -> None:
    """Where the export names its account in words that nobody can foresee, the message says what to write."""
    person = {"profile_user": [{"string_map_data": {"Benutzername": {"value": "ann"}}}]}
    export.write("personal_information/personal_information/personal_information.json", person)
    with pytest.raises(BadInput, match="Write `account` for this source"):
        importing.pages(export.settings(account=None))


def test_texts_that_are_right_stay(importing, export) -> None:
    """A text that is no garbled UTF-8 stays as it is, letter by letter."""
    texts = ["déjà vu", "שלום", "Ã", "plain", "Ünï — ok"]
    export.write(
        f"{MEDIA}/posts_1.json",
        [
            {"media": [{"uri": "v.mp4", "creation_timestamp": 1_600_000_000 + number}], "title": text}
            for number, text in enumerate(texts)
        ],
    )
    assert [post.caption for post in importing.posts(export.settings()).values()] == texts


def test_two_posts_of_one_second(importing, export) -> None:
    """Two posts of one second are two; a reel that is listed among the posts too is one."""
    entries = [
        {"media": [{"uri": f"media/{name}.mp4", "creation_timestamp": 1_600_000_000}]} for name in "ab"
    ]
    export.write(f"{MEDIA}/posts_1.json", entries)
    export.write(f"{MEDIA}/reels.json", {"ig_reels_media": entries[1:]})
    assert list(importing.posts(export.settings())) == ["1600000000", "1600000000-b"]


BROKEN = [
    ("?", "it has no media"),
    ({"media": []}, "it has no media"),
    ({"media": [3]}, "it has no media"),
    ({"title": "t", "creation_timestamp": 1}, "it has no media"),
    ({"media": [{"uri": "a.jpg"}]}, "it has no time"),
    ({"media": [{"uri": "a.jpg", "creation_timestamp": "now"}]}, "'now' is no time"),
]


@pytest.mark.parametrize(("entry", "said"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_entry_costs_only_itself(importing, export, posts, entry, said) -> None:
    """An entry that is no post is told with its file and number, and the others are read."""
    export.write(f"{MEDIA}/posts_1.json", [posts[0], entry, posts[1]])
    (page,) = importing.pages(export.settings())
    assert [post.post_id for post in page.posts] == ["1673000000", "1675000000", "1680000000"]
    assert page.problems[0].startswith(f"{MEDIA}/posts_1.json, entry 2: ") and said in page.problems[0]


@pytest.mark.parametrize(
    "uri", ["gone.jpg", "../secret.jpg", "/etc/hostname", "", 5, None, "a\x00b.jpg", "\ud800.jpg"]
)
def test_a_picture_that_is_not_in_the_export(importing, export, uri) -> None:
    """A picture that is missing, or lies outside of the export, is told; the post stays without it."""
    (importing.folder / "secret.jpg").write_bytes(b"x")
    export.write(f"{MEDIA}/posts_1.json", [{"media": [{"uri": uri, "creation_timestamp": 1_600_000_000}]}])
    (page,) = importing.pages(export.settings())
    assert page.posts[0].pictures == ()
    assert "in the export" in page.problems[0]
    assert page.unparsed == ("pictures",)


def test_a_broken_file_costs_only_itself(importing, export, posts) -> None:
    """One file of posts that is cut off is told, and the others are read."""
    export.write(f"{MEDIA}/posts_2.json", b'[{"media": [')
    export.write(f"{MEDIA}/posts_3.json", {"a": [], "b": []})
    (page,) = importing.pages(export.settings())
    assert len(page.posts) == 3
    assert page.problems[0].startswith(f"{MEDIA}/posts_2.json is no JSON, or was cut off")
    assert page.problems[1].startswith(f"{MEDIA}/posts_3.json has no list of posts")


def test_what_is_no_export(importing, export) -> None:
    """A packed export, an HTML one, another folder and none are errors that say what to do."""
    with pytest.raises(BadInput, match=r"There are no posts in .*ask Instagram"):
        importing.pages(export.settings())
    (export.root / MEDIA).mkdir(parents=True)
    (export.root / MEDIA / "posts_1.html").write_text("<html>")
    with pytest.raises(BadInput, match=r"is HTML.*format JSON"):
        importing.pages(export.settings())
    with zipfile.ZipFile(importing.folder / "e.zip", "w") as packed:
        packed.writestr("../../posts_1.json", "[]")
    with pytest.raises(BadInput, match="Unpack the export"):
        importing.pages(export.settings(folder="e.zip"))
    with pytest.raises(BadInput, match="There is no folder"):
        importing.pages(export.settings(folder="nowhere"))
    export.write(f"{MEDIA}/posts_1.json", ["?"])
    with pytest.raises(BadInput, match=r"No post of the export .* could be read.*it has no media"):
        importing.pages(export.settings())


def test_a_reading_that_was_cut_off_goes_on(importing, export, tmp_path) -> None:
    """After a kill the posts that are missing are read, each once."""
    entries = [{"media": [{"uri": "v.mp4", "creation_timestamp": 1_600_000_000 + n}]} for n in range(600)]
    export.write(f"{MEDIA}/posts_1.json", entries[:400])
    export.write(f"{MEDIA}/posts_2.json", entries[400:])
    source = export.settings().open(importing.folder)
    spool = Spool(tmp_path / "cut.jsonl")
    for page in islice(source.pages(ReadContext(spool)), 2):
        spool.add(page)
    ended = scrape_source(
        ScrapeJob(importing.home, source, Spool(spool.file), ScrapeOptions()), lambda *_: None
    )
    assert (ended.status, ended.items) == ("done", 600)
