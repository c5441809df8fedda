"""Responses of business discovery, clean, messy and hostile, read without a server."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.crawl.site_adapter import CrawlState
from tasks.scrape.graph.adapter import GraphAdapter
from tasks.scrape.pages import PAGE_JSON

WALK = GraphAdapter("https://graph.example", "v25.0", "17841400000000001", "ann", 2)
MARKUP = "<b>Bold</b> &amp; שלום 👩‍👩‍👧 #tag\nsecond line"


def read(make_response, body, **crawl_state):
    return WALK.read(make_response(body), CrawlState(**crawl_state))


def posts_of(make_response, page, *media):
    return read(make_response, page(*media)).page.posts


def test_a_medium_becomes_a_post(make_response, page, media) -> None:
    """Each field becomes the expected field of the post; a caption is plain text and unchanged."""
    (post,) = posts_of(make_response, page, media(9, caption=MARKUP))
    assert (post.post_id, post.url, post.kind) == ("17909", "https://www.instagram.com/p/C9/", "image")
    assert post.posted_at == datetime(2026, 4, 10, 10, tzinfo=UTC)
    assert (post.caption, post.likes, post.comments, post.likes_hidden) == (MARKUP, 90, 9, False)
    assert post.pictures == ("https://cdn.example/9.jpg?sig=a",)
    assert post.pinned is None


@pytest.mark.parametrize("changes", [{"like_count": None}, {"like_count": None, "comments_count": None}])
def test_hidden_likes_are_null(make_response, page, media, changes) -> None:
    """Missing likes are hidden ones: null with a flag, never 0, and not a problem; missing comments are unknown."""
    step = read(make_response, page(media(9, **changes), media(8)))
    assert [(post.likes, post.likes_hidden) for post in step.page.posts] == [(None, True), (80, False)]
    assert step.page.posts[0].comments == (9 if len(changes) == 1 else None)
    assert step.page.problems == ()


@pytest.mark.parametrize("value", [-1, "1.5", 1.5, False, 2**63])
def test_invalid_likes_are_not_hidden(make_response, page, media, value) -> None:
    """A value that is not a count is null and a problem, and does not mean hidden likes."""
    found = read(make_response, page(media(9, like_count=value), media(8))).page
    assert (found.posts[0].likes, found.posts[0].likes_hidden) == (None, False)
    assert found.unparsed == ("likes",)
    assert "post 17909: like_count" in found.problems[0]


def test_a_carousel_has_its_pictures_without_videos(make_response, page, media, children) -> None:
    """All pictures of a carousel are in order, without its videos; one with only videos is a video."""
    mixed = media(9, media_type="CAROUSEL_ALBUM", children=children("a.jpg", "b.mp4", "c.jpg"))
    videos = media(8, media_type="CAROUSEL_ALBUM", children=children("a.mp4"), media_url=None)
    found = posts_of(make_response, page, mixed, videos)
    assert [(post.kind, post.pictures) for post in found] == [
        ("carousel", ("https://cdn.example/a.jpg", "https://cdn.example/c.jpg")),
        ("video", ()),
    ]


def test_videos_have_no_pictures(make_response, page, media) -> None:
    """A video or reel is a video, with an address or without."""
    reel = media(9, media_type="VIDEO", media_product_type="REELS", media_url=None)
    found = read(make_response, page(reel, media(8, media_type="VIDEO"))).page
    assert [(post.kind, post.pictures) for post in found.posts] == [("video", ())] * 2
    assert found.problems == ()


@pytest.mark.parametrize(
    ("changes", "kind", "pictures", "unparsed"),
    [
        ({"media_url": None}, "image", 0, ["pictures"]),
        ({"media_url": "javascript:alert(1)"}, "image", 0, ["pictures"]),
        ({"media_type": "CAROUSEL_ALBUM"}, "carousel", 1, ["pictures"]),
        ({"media_type": "CAROUSEL_ALBUM", "children": {"data": [{}, 5]}}, "carousel", 0, ["pictures"] * 2),
        ({"media_type": None}, "image", 1, ["kind"]),
        ({"media_type": "HOLOGRAM", "media_url": "https://c.example/x.mp4"}, "video", 0, ["kind"]),
        ({"timestamp": "soon"}, "image", 1, ["posted_at"]),
        ({"caption": ["no"]}, "image", 1, ["caption"]),
        ({"caption": None}, "image", 1, []),
    ],
)
def test_an_invalid_field_costs_only_itself(
    make_response, page, media, changes, kind, pictures, unparsed
) -> None:
    """A missing or invalid field of a post costs only itself, and is reported with the post's id."""
    found = read(make_response, page(media(9, **changes), media(8))).page
    assert (found.posts[0].kind, len(found.posts[0].pictures)) == (kind, pictures)
    assert list(found.unparsed) == unparsed
    assert all("17909" in problem for problem in found.problems)


@pytest.mark.parametrize("broken", [{"id": None}, {"permalink": None}, {"permalink": "ftp://x"}])
def test_a_post_without_id_or_address_is_skipped(make_response, page, media, broken) -> None:
    """Without id or address a post can't be identified; it is skipped and reported."""
    found = read(make_response, page(media(9, **broken), media(8), "nonsense")).page
    assert [post.post_id for post in found.posts] == ["17908"]
    assert found.unparsed == ("id", "id")


@pytest.mark.parametrize(
    ("changes", "reported"),
    [
        ({"id": None}, "id or permalink"),
        ({"timestamp": None}, "timestamp"),
        ({"media_type": None}, "media_type"),
        ({"like_count": "many"}, "like_count"),
        ({"comments_count": "many"}, "comments_count"),
        ({"media_url": None}, "address of a picture"),
    ],
)
def test_a_field_that_is_missing_in_every_post_is_an_error(
    make_response, page, media, changes, reported
) -> None:
    """A page on which every post is without a required field is an error that names it; nothing of it is stored."""
    with pytest.raises(LayoutChanged, match=reported):
        read(make_response, page(*(media(number, **changes) for number in (9, 8, 7, 6, 5))))


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "",
        "[]",
        "{}",
        '{"business_discovery": []}',
        '{"business_discovery": {"media_count": 5}}',
        '{"business_discovery": {"media": []}}',
        '{"business_discovery": {"media": {"data": {}}}}',
    ],
)
def test_a_response_that_is_not_a_page_is_an_error(make_response, body) -> None:
    """A response that is not a page of media is an error in words."""
    with pytest.raises(LayoutChanged, match="Instagram's Graph API"):
        read(make_response, body)


def test_an_account_without_posts_is_an_empty_page(make_response, page) -> None:
    """An account that has not posted yet is a page without posts, with or without an empty list."""
    for body in (page(media_count=0), {"business_discovery": {"media_count": 0, "followers_count": 3}}):
        step = read(make_response, body)
        assert (step.page.posts, step.next_urls, step.page.problems) == ((), (), ())


def test_the_next_page_has_the_cursor_and_no_token(make_response, page, media) -> None:
    """Older media are requested inside the same field; the address has all that is necessary to resume."""
    (url,) = read(make_response, page(media(9), after="QVFIUm==")).next_urls
    (fields,) = parse_qs(urlsplit(url).query)["fields"]
    assert url.startswith("https://graph.example/v25.0/17841400000000001?")
    assert "username(ann){" in fields and "media.after(QVFIUm==).limit(2){id," in fields
    sign_request = WALK.sign_request(url, "a b&c")
    assert sign_request.url == f"{url}&access_token=a%20b%26c"


@pytest.mark.parametrize("after", ["x){id}}", 5, ["a"], "a" * 5000])
def test_an_invalid_cursor_is_not_followed(make_response, page, media, after) -> None:
    """A cursor that would change the request is not followed; it is reported, and what was read is stored."""
    step = read(make_response, page(media(9), after=after))
    assert step.next_urls == () and len(step.page.posts) == 1 and step.page.more
    assert "not a cursor" in step.page.problems[0]


@pytest.mark.parametrize("after", [None, ""])
def test_a_page_without_a_cursor_is_the_last(make_response, page, media, after) -> None:
    """Without a cursor, or with an empty one, there are no older posts."""
    step = read(make_response, page(media(9), after=after))
    assert step.next_urls == () and not step.page.more and step.page.problems == ()


@pytest.mark.parametrize("listed", [{"data": [], "paging": {"cursors": {"after": "x"}}}, None])
def test_an_empty_later_page_is_the_last(make_response, page, listed) -> None:
    """After the last post an empty page, or none, ends the crawl."""
    step = read(make_response, page(media=listed), first=False)
    assert (step.page.posts, step.next_urls, step.page.head) == ((), (), None)


def test_characters_that_can_not_be_stored_are_replaced(make_response, page, media) -> None:
    """Halves of characters and NULs in a caption are replaced or removed, so that the post can be stored."""
    found = read(make_response, page(media(9, caption="a\ud83d\x00b"))).page
    assert found.posts[0].caption == "a\ufffdb"
    assert PAGE_JSON.validate_json(PAGE_JSON.dump_json(found)) == found


def test_comments_are_not_requested(make_response, page, media) -> None:
    """Instagram gives comments' texts only to a post's author, so no further request is made for them."""
    assert WALK.detail_url(posts_of(make_response, page, media(9))[0]) is None
