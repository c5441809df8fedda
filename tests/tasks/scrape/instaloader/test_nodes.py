"""Both generations of Instaloader's JSON, and older ones, give the same fields."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tasks.errors import BadInput

WRITTEN = datetime.fromtimestamp(1_700_000_000, UTC)


def test_a_node_without_a_login_is_read(importing, download, anonymous) -> None:
    """A post that was saved without a login has its counts, caption, time, owner and address."""
    download.post("ann/2017-05-25_00-31-09_UTC", anonymous("BUgI"))
    (page,) = importing.pages(download.settings())
    (post,) = page.posts
    assert (page.account, page.problems, page.next_url) == ("ann", (), None)
    assert (post.post_id, post.url, post.kind) == ("BUgI", "https://www.instagram.com/p/BUgI/", "image")
    assert (post.likes, post.comments, post.likes_hidden) == (36_044, 12, False)
    assert post.caption == "Morning 🌅 at the harbour"
    assert post.posted_at == datetime(2017, 5, 25, 0, 31, 9, tzinfo=UTC)
    assert post.pictures == ("https://pics.example/BUgI.jpg?oe=1",)
    assert post.observed_at == WRITTEN
    assert post.pinned is None


def test_a_node_with_a_login_is_read(importing, download, logged_in) -> None:
    """A post that was saved with a login has other keys; `pinned` is known there."""
    download.post("ann/x", logged_in("CxA1"), ending="json")
    post = importing.posts(download.settings())["CxA1"]
    assert (post.likes, post.comments, post.caption, post.pinned) == (51, 4, "שלום, harbour", True)
    assert post.posted_at == datetime.fromtimestamp(1_695_672_269, UTC)


def test_a_file_without_the_wrapper_is_a_post(importing, download) -> None:
    """A file without Instaloader's wrapper is a post; `account` supplies the owner where it has only a number."""
    node = {
        "code": "old1",
        "display_src": "https://pics.example/old.jpg",
        "date": 1_400_000_000,
        "caption": "first",
        "likes": {"count": 3},
        "comments": {"count": 2},
        "owner": {"id": "7"},
    }
    download.write("ann/old.json", node)
    (page,) = importing.pages(download.settings(account="ann"))
    (post,) = page.posts
    assert (page.account, post.post_id, post.likes, post.comments) == ("ann", "old1", 3, 2)
    assert post.pictures == ("https://pics.example/old.jpg",)
    with pytest.raises(BadInput, match=r"ann/old\.json does not name its owner; set `account` of the source"):
        importing.pages(download.settings())


@pytest.mark.parametrize("typename", ["GraphVideo", "XDTGraphVideo"])
def test_a_video_has_no_picture(importing, download, anonymous, typename) -> None:
    """A video is a video under both names of its type, and the thumbnail beside it is not a picture of the post."""
    download.post("v", anonymous("vid", __typename=typename, is_video=True))
    download.picture("v.jpg")
    post = importing.posts(download.settings())["vid"]
    assert (post.kind, post.pictures) == ("video", ())


@pytest.mark.parametrize(
    "more",
    [
        {"edge_media_preview_like": {"count": -1}},
        {"like_and_view_counts_disabled": True},
        {"iphone_struct": {"like_and_view_counts_disabled": True}},
    ],
    ids=["minus one", "disabled", "disabled, logged in"],
)
def test_hidden_likes_are_null(importing, download, anonymous, more) -> None:
    """Likes of -1, or any number where the owner has turned the counts off, are null and hidden."""
    download.post("h", anonymous("hid", **more))
    post = importing.posts(download.settings())["hid"]
    assert (post.likes, post.likes_hidden, post.comments) == (None, True, 12)


def test_the_newer_count_of_comments_is_read(importing, download, anonymous) -> None:
    """A count of comments under the newer key is read; 0 is a count."""
    node = anonymous("c", edge_media_to_parent_comment={"count": 0})
    del node["edge_media_to_comment"]
    download.post("c", node)
    assert importing.posts(download.settings())["c"].comments == 0


def test_missing_fields_are_null(importing, download) -> None:
    """A node with only its id and owner is a post with nulls, and without problems."""
    download.post("m", {"shortcode": "bare", "owner": {"username": "ann"}})
    download.picture("m.jpg")
    (page,) = importing.pages(download.settings())
    (post,) = page.posts
    assert (post.likes, post.comments, post.caption, post.place, post.posted_at) == (None,) * 5
    assert (post.kind, len(post.pictures), page.problems) == ("image", 1, ())


@pytest.mark.parametrize(
    ("more", "field", "message"),
    [
        ({"edge_media_preview_like": {"count": "1.5"}}, "likes", "'1.5' is not a count"),
        ({"edge_media_preview_like": {"count": True}}, "likes", "true is not a count"),
        ({"edge_media_to_comment": {"count": -5}}, "comments", "-5 is not a count"),
        ({"edge_media_to_comment": {"count": 2**80}}, "comments", " is not a count"),
        ({"taken_at_timestamp": "yesterday"}, "posted_at", "'yesterday' is not a time"),
        ({"taken_at_timestamp": 86_400}, "posted_at", "86400 is not a Unix time between 2000 and tomorrow"),
        ({"taken_at_timestamp": 4_102_444_799}, "posted_at", "4102444799 is not a Unix time between 2000"),
        ({"taken_at_timestamp": [1]}, "posted_at", "[…] is not a time"),
    ],
)
def test_a_value_of_the_wrong_type_is_null_and_reported(
    importing, download, anonymous, more, field, message
) -> None:
    """A value of the wrong type is null, and reported with its file and field; the rest of the post stays."""
    download.post("odd", anonymous("odd", **more))
    (page,) = importing.pages(download.settings())
    assert getattr(page.posts[0], field) is None
    assert page.unparsed == (field,)
    (problem,) = page.problems
    assert problem.startswith(f"odd.json.xz: {field}: ") and message in problem
    assert page.posts[0].caption == "Morning 🌅 at the harbour"


def test_the_location_is_read_from_json_or_text_file(importing, download, anonymous) -> None:
    """A location is read from the JSON, or from the file that Instaloader writes for --geotags."""
    download.post("a", anonymous("a", location={"name": "Pier 39"}))
    download.post("b", anonymous("b"))
    (download.root / "b_location.txt").write_text("Café do Cais\nhttps://maps.example/?q=1,2\n", "utf-8")
    posts = importing.posts(download.settings())
    assert (posts["a"].place, posts["b"].place) == ("Pier 39", "Café do Cais")


def test_a_profile_is_an_observation_of_the_account(importing, download, anonymous) -> None:
    """A profile's JSON becomes an observation of the account at the time when it was written."""
    node = {
        "username": "ann",
        "edge_followed_by": {"count": 1_200},
        "edge_follow": {"count": 30},
        "edge_owner_to_timeline_media": {"count": 2},
    }
    profile = {"node": node, "instaloader": {"version": "4.15.1", "node_type": "Profile"}}
    download.write("ann/ann_7.json.xz", profile, 1_600_000_000)
    download.post("ann/p", anonymous("p"))
    importing.run(download.settings())
    assert importing.rows("select account, observed_at, followers, following, posts from accounts") == [
        ("ann", datetime(2020, 9, 13, 12, 26, 40), 1_200, 30, 2)
    ]


def test_other_json_files_are_ignored(importing, download, anonymous) -> None:
    """Stories, hashtags, resume states, foreign JSON and edited captions beside the posts are ignored."""
    download.post("p", anonymous("p"))
    for name, kind in [("s", "StoryItem"), ("h", "Hashtag"), ("iterator_x", "FrozenNodeIterator")]:
        node = {"shortcode": name, "owner": {"username": "ann"}}
        download.write(f"{name}.json.xz", {"node": node, "instaloader": {"node_type": kind}})
    download.write("other.json", {"some": "settings"})
    download.write("list.json", [1, 2])
    (download.root / "p_old_01.txt").write_text("an older caption")
    (page,) = importing.pages(download.settings())
    assert [post.post_id for post in page.posts] == ["p"]
    assert page.problems == ()
