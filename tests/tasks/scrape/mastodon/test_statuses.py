"""Pages of statuses, clean, messy and hostile, read without a server."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from tasks.errors import AccountNotFound, LayoutChanged
from tasks.scrape.crawl.site_adapter import CrawlState
from tasks.scrape.mastodon.adapter import MastodonAdapter
from tasks.scrape.pages import PAGE_JSON

WALK = MastodonAdapter("https://social.example", "ann")
RTL = "שלום עולם 👩‍👩‍👧 \u202egnp.exe"


def page_of(make_response, *statuses, **crawl_state):
    step = WALK.read(make_response(list(statuses)), CrawlState(**crawl_state))
    assert step.page is not None
    return step.page


def test_a_status_becomes_a_post(make_response, status) -> None:
    """Each field of a status becomes the expected field of the post."""
    given = status(9, content="<p>One &amp; two<br>three</p><p>#four</p>", replies_count=4, pinned=True)
    (post,) = page_of(make_response, given).posts
    assert (post.post_id, post.url, post.kind) == ("9", "https://social.example/@ann/9", "image")
    assert post.posted_at == datetime(2026, 4, 10, 10, tzinfo=UTC)
    assert post.caption == "One & two\nthree\n\n#four"
    assert (post.likes, post.comments, post.shares) == (90, 4, 1)
    assert (post.likes_hidden, post.pinned) == (False, True)
    assert post.pictures == ("https://files.example/9.jpg",)


@pytest.mark.parametrize(
    ("attached", "kind", "pictures"),
    [
        (["a.jpg"], "image", ["a.jpg"]),
        (["a.jpg", "b.png", "c.jpg"], "carousel", ["a.jpg", "b.png", "c.jpg"]),
        (["a.mp4"], "video", []),
        (["a.mp4", "b.mp4"], "video", []),
        (["a.mp4", "b.jpg"], "carousel", ["b.jpg"]),
        (["a.gifv", "b.mp3"], "video", []),
    ],
)
def test_a_mixed_post_has_its_pictures(make_response, status, media, attached, kind, pictures) -> None:
    """A mixed post has its pictures in order; one with only videos is a video."""
    types = {"jpg": "image", "png": "image", "mp4": "video", "gifv": "gifv", "mp3": "audio"}
    given = [media(name, types[name.rpartition(".")[2]]) for name in attached]
    (post,) = page_of(make_response, status(9, media_attachments=given)).posts
    assert (post.kind, [url.rpartition("/")[2] for url in post.pictures]) == (kind, pictures)


def test_the_servers_own_copy_of_a_picture_comes_first(make_response, status) -> None:
    """The server's own copy is first, then the original, then the preview; for an unknown type the file name decides."""
    given = [
        {
            "type": "image",
            "url": None,
            "remote_url": "https://far.example/1.jpg",
            "preview_url": "https://p/1",
        },
        {"type": "image", "url": "", "preview_url": "https://files.example/small.jpg"},
        {"type": "unknown", "url": None, "remote_url": "https://far.example/3.webp?x=1"},
        {"type": "image", "url": "file:///etc/passwd"},
        {"type": "hologram", "url": "https://files.example/4.holo"},
        "nonsense",
    ]
    page = page_of(make_response, status(9, media_attachments=given))
    assert page.posts[0].pictures == (
        "https://far.example/1.jpg",
        "https://files.example/small.jpg",
        "https://far.example/3.webp?x=1",
    )
    assert page.unparsed == ("pictures",) * 3
    assert "no address" in page.problems[0] and "hologram" in page.problems[1]


def test_boosts_and_replies_are_not_posts(make_response, status) -> None:
    """Boosts, replies to others and statuses without media are not posts, whatever the server lists.

    A response to oneself is.
    """
    boosted = status(9, reblog=status(2))
    reply = status(8, in_reply_to_id="1", in_reply_to_account_id="3")
    own_thread = status(7, in_reply_to_id="6", in_reply_to_account_id="7")
    page = page_of(make_response, boosted, reply, own_thread, status(6, media_attachments=[]))
    assert [post.post_id for post in page.posts] == ["7"]
    assert page.problems == ()


def test_a_content_warning_precedes_the_text(make_response, status) -> None:
    """The text of a content warning precedes the caption; a sensitive post is a post."""
    given = status(9, spoiler_text="Food", sensitive=True, content="<p>Soup</p>")
    assert page_of(make_response, given).posts[0].caption == "Food\n\nSoup"
    assert page_of(make_response, status(9, content="")).posts[0].caption is None


@pytest.mark.parametrize(
    ("content", "caption"),
    [
        (
            '<a href="y"><span class="invisible">https://</span>x.example/long</a> <a>#<span>art</span></a>',
            "https://x.example/long #art",
        ),
        ("Pixelfed line<br />\nnext &lt;b&gt;", "Pixelfed line\nnext <b>"),
        (f"<p>{RTL}</p>", RTL),
        ("<script>alert(1)</script><p>a<style>b{}</style><!-- c --></p></div></p>d", "a\n\nd"),
        ("I <3 you & all", "I <3 you & all"),
        ("<ul><li>one</li><li>two</li></ul>", "one\ntwo"),
        ("half \ud83d of a character\x00", "half \ufffd of a character"),
        ("<p>red \x1b[31mtext\x1b[0m</p>\x1b", "red [31mtext[0m"),
        ("<div>" * 5000 + "deep &amp; down", "deep & down"),
        ("<p> </p>", None),
    ],
    ids=["link", "break", "right-to-left", "script", "bare", "list", "surrogate", "control", "deep", "blank"],
)
def test_captions_are_read_as_plain_text(make_response, status, content, caption) -> None:
    """Captions with markup, emoji and right-to-left text are read as a person reads them, and can be stored."""
    page = page_of(make_response, status(9, content=content))
    assert page.posts[0].caption == caption
    assert PAGE_JSON.validate_json(PAGE_JSON.dump_json(page)) == page


@pytest.mark.parametrize("value", [-1, "twelve", "1.2k", 3.5, True, [], 2**63, 10**500])
def test_an_invalid_count_is_null_and_reported(make_response, status, value) -> None:
    """Anything but a whole number is null and a problem that names post and field, never 0."""
    page = page_of(make_response, status(9, favourites_count=value), status(8))
    assert [post.likes for post in page.posts] == [None, 80]
    assert page.unparsed == ("likes",)
    assert "post 9: favourites_count" in page.problems[0]


def test_missing_counts_are_null_and_not_a_problem(make_response, status) -> None:
    """Counts that are null or missing, as on some Pixelfed servers, are null and not a problem."""
    bare = status(8)
    del bare["favourites_count"], bare["replies_count"]
    page = page_of(make_response, status(9, favourites_count=None, replies_count=None), bare)
    assert [(post.likes, post.comments) for post in page.posts] == [(None, None)] * 2
    assert page.problems == ()


@pytest.mark.parametrize(
    ("changes", "unparsed", "kept"),
    [
        ({"id": None}, "id", False),
        ({"url": None, "uri": "tag:x"}, "id", False),
        ({"url": "javascript:alert(1)", "uri": None}, "id", False),
        ({"created_at": "yesterday"}, "posted_at", True),
        ({"created_at": None}, "posted_at", True),
        ({"created_at": "1969-12-31T23:59:59.000Z"}, "posted_at", True),
        ({"created_at": "2101-01-01T00:00:00.000Z"}, "posted_at", True),
        ({"content": 5}, "caption", True),
        ({"url": None}, None, True),
    ],
)
def test_an_invalid_field_costs_only_itself(make_response, status, changes, unparsed, kept) -> None:
    """A missing or invalid field of a post costs only itself, and is reported."""
    page = page_of(make_response, status(9, **changes), status(8))
    assert [post.post_id for post in page.posts] == (["9", "8"] if kept else ["8"])
    assert page.unparsed == (() if unparsed is None else (unparsed,))
    assert len(page.problems) == len(page.unparsed)


def test_a_post_without_readable_media_is_skipped(make_response, status) -> None:
    """A post whose media can't be read is skipped as one without an id, so that it is not marked as gone."""
    page = page_of(make_response, status(9, media_attachments="none"), status(8))
    assert [post.post_id for post in page.posts] == ["8"]
    assert page.unparsed == ("media", "id") and len(page.problems) == 1


@pytest.mark.parametrize(
    ("key", "value", "reported"),
    [
        ("id", None, "id or url"),
        ("url", None, "id or url"),
        ("created_at", 1714557600, "created_at"),
        ("media_attachments", None, "media_attachments"),
        ("favourites_count", "many", "favourites_count"),
        ("replies_count", {}, "replies_count"),
    ],
)
def test_a_field_that_is_missing_in_every_post_is_an_error(
    make_response, status, key, value, reported
) -> None:
    """A page on which every post is without a required field is an error that names the field; nothing is stored."""
    changed = [status(number, **{key: value, "uri": None}) for number in range(9, 4, -1)]
    with pytest.raises(LayoutChanged, match=f"none of its 5 posts has {reported} "):
        page_of(make_response, *changed)


def test_a_page_without_any_picture_is_an_error(make_response, status, media) -> None:
    """Several posts without a single picture address mean that the interface has changed."""
    bare = [status(number, media_attachments=[{"type": "image", "href": "https://x"}]) for number in (9, 8)]
    with pytest.raises(LayoutChanged, match="address of a picture"):
        page_of(make_response, *bare)
    assert len(page_of(make_response, bare[0]).posts) == 1


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html>",
        "{",
        "null",
        '"text"',
        "[" * 100_000,
        '{"error": "Sorry"}',
        '{"statuses": []}',
        "[NaN]",
        "\ufeff{}",
    ],
)
def test_a_response_that_is_not_a_page_is_an_error(make_response, body) -> None:
    """A response that is not a JSON list of statuses is an error in words, with the server's message."""
    with pytest.raises(
        LayoutChanged, match="no longer has the form that likelens expects of Mastodon's interface"
    ) as raised:
        WALK.read(make_response(body), CrawlState())
    assert ("Sorry" in str(raised.value)) == ("Sorry" in body)


@pytest.mark.parametrize(
    ("fields", "error", "says"),
    [
        ({"acct": "ann"}, LayoutChanged, "the account has no id"),
        ([], LayoutChanged, "the account has no id"),
        ({"error": "Nope"}, LayoutChanged, "Nope"),
        ({"id": "7", "suspended": True}, AccountNotFound, "suspended"),
    ],
)
def test_an_unreadable_account_is_an_error(make_response, fields, error, says) -> None:
    """A response that is not an account, or a suspended one, is an error in words."""
    with pytest.raises(error, match=says):
        WALK.read(make_response(fields, WALK.first_url), CrawlState())


def test_an_invalid_count_of_an_account_is_null(make_response, account) -> None:
    """The account's id may be a number, and an invalid count is null and reported."""
    step = WALK.read(
        make_response({**account, "id": 7, "followers_count": "1k"}, WALK.first_url), CrawlState()
    )
    assert step.head is not None and (step.head.followers, step.head.posts) == (None, 5)
    assert step.head.posts_least is None
    assert "followers_count" in step.problems[0]
    assert "/accounts/7/statuses?" in step.next_urls[0]


def test_numeric_ids_are_the_same_as_text(make_response, status) -> None:
    """A numeric id is the same post as its text; entries that are not posts are reported."""
    page = page_of(make_response, status(9, id=9), None, status(8))
    assert [post.post_id for post in page.posts] == ["9", "8"]
    assert page.unparsed == ("id",)


def test_a_source_with_an_id_stores_the_accounts_name(make_response, status) -> None:
    """A source with an id stores its posts under the account's name where the response has it."""
    adapter = MastodonAdapter("https://social.example", "", "7")
    assert adapter.read(make_response([status(9)]), CrawlState()).page.account == "ann"
    assert adapter.read(make_response([status(9, account=None)]), CrawlState()).page.account == "7"


def test_an_id_with_slashes_stays_in_its_path(make_response, status) -> None:
    """An id with slashes does not lead to another address of the server."""
    (post,) = page_of(make_response, status(9, id="../../admin?x=", replies_count=1)).posts
    assert WALK.detail_url(post) == "https://social.example/api/v1/statuses/..%2F..%2Fadmin%3Fx%3D/context"


def test_a_number_of_a_million_digits_costs_only_its_field(make_response, status) -> None:
    """Python refuses such a number; the rest of the response is read."""
    text = json.dumps([status(9), status(8)]).replace(
        '"favourites_count": 90', f'"favourites_count": {"9" * 10**6}'
    )
    page = WALK.read(make_response(text), CrawlState()).page
    assert [post.likes for post in page.posts] == [None, 80]
    assert len(page.problems[0]) < 300
