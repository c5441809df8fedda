"""The demo's gallery has imgrum's layout, and its arguments determine it."""

from __future__ import annotations

import http.client
import io
import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import chain, pairwise
from pathlib import Path
from statistics import mean
from urllib.error import HTTPError
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

import pytest
from parsel import Selector, SelectorList
from PIL import Image

import flows.demo
from flows.demo import counts, words
from flows.demo.gallery import DECK, INVENTED_NOTE, Gallery, GalleryComment, GalleryPost, demo_gallery
from flows.demo.pages import account_page, find_page, post_page, post_path
from flows.demo.photographs import SUBJECTS, Subject, vary
from flows.demo.server import GalleryServer, Response

HOSTILE = '"><script>alert(1)</script> {{ 7*7 }} & <img src=x onerror="alert(2)">'
WRAPPER = (
    "div.fullscreen_block > div.fs_blog_module.is_masonry.this_is_blog"
    " > div.blogpost_preview_fw > div.fw_preview_wrapper"
)
PLAIN = GalleryPost(
    post_id="151",
    kind="image",
    posted_at=datetime(2017, 5, 25, 2, 31, 9, tzinfo=UTC),
    caption="Two lines,\n& a <heart",
    place="Kew",
    likes=36044,
    comments=12,
    pictures=("/pictures/151_0.jpg",),
)


def gallery_of(*posts: GalleryPost) -> Gallery:
    return Gallery("ann", "77", "Ann & Co", posts, followers=12345, following=6)


def wrappers(html: str) -> SelectorList[Selector]:
    return Selector(html).css(WRAPPER)


def shown_counts(wrapper: Selector) -> tuple[str | None, int | None, int | None]:
    """Place, comments and likes, by imgrum's rule: two post-views are place and comments, one is comments."""
    views = wrapper.css("div.block_likes > div.post-views > i.stand_icon.icon-eye + span::text").getall()
    likes = wrapper.css("div.gallery_likes.gallery_likes_add > i.icon-heart-o + span::text").get()
    place = views[0] if len(views) == 2 else None
    return place, int(views[-1]) if views else None, int(likes) if likes else None


@pytest.fixture(scope="module")
def demo() -> Iterator[GalleryServer]:
    gallery, pictures = demo_gallery()
    with GalleryServer([gallery], pictures) as server:
        yield server


def get(url: str) -> str:
    with urlopen(url, timeout=60) as response:
        return str(response.read().decode())


def test_the_pager_leads_through_all_pages(demo: GalleryServer) -> None:
    """Following the pager shows every post once, newest first, in pages of `page_size`."""
    (gallery,) = demo.galleries
    url: str | None = demo.url(gallery)
    pages: list[list[str]] = []
    while url:
        page = Selector(get(url))
        hrefs = page.css(f"{WRAPPER} > div.pf_output_container > a::attr(href)").getall()
        pages.append(hrefs)
        older = page.css("ul.pagerblock.type_columns1 > li > a::attr(href)").get()
        url = urljoin(url, older) if older else None
    assert [len(page) for page in pages] == [12] * 5
    assert list(chain(*pages)) == [post_path(gallery, post) for post in gallery.posts]


def test_list_pages_show_the_posts() -> None:
    """The list page has each post's date, caption, place, counts and pictures."""
    gallery = replace(demo_gallery()[0], page_size=60)
    for post, wrapper in zip(gallery.posts, wrappers(account_page(gallery)), strict=True):
        date = wrapper.css("div.blogpreview_top > div.box_date > a[href]::text").get()
        assert date == f"{post.posted_at:%Y-%m-%d %H:%M:%S}"
        assert wrapper.css("article.contentarea::text").get() == post.caption
        assert shown_counts(wrapper) == (post.place, post.comments, post.likes)
        container = "video" if post.kind == "video" else "image"
        sources = wrapper.css(f"div.pf_output_container.{container} > a > img::attr(src)").getall()
        assert tuple(sources) == post.pictures


def test_the_account_page_has_names_and_counts() -> None:
    """The head of a user page has the names and the counts of posts, followers and following."""
    head = Selector(account_page(gallery_of(PLAIN))).css("div.user_info")
    assert head.css("h1.user_name::text").get() == "ann"
    assert head.css("h2.user_full_name::text").get() == "Ann & Co"
    counted = {li.attrib["class"]: li.css("span::text").get() for li in head.css("ul.user_counts > li")}
    assert counted == {"posts": "1", "followers": "12,345", "following": "6"}


@pytest.mark.parametrize(
    ("post", "shown"),
    [
        (PLAIN, ("Kew", 12, 36044)),
        (replace(PLAIN, place=None), (None, 12, 36044)),
        (replace(PLAIN, comments=None), (None, None, 36044)),
        (replace(PLAIN, likes=None), ("Kew", 12, None)),
        (replace(PLAIN, likes=0, comments=0), ("Kew", 0, 0)),
    ],
)
def test_a_missing_number_has_no_element(
    post: GalleryPost, shown: tuple[str | None, int | None, int | None]
) -> None:
    """An unknown number has no element, and a place is never where comments are read."""
    (wrapper,) = wrappers(account_page(gallery_of(post)))
    assert shown_counts(wrapper) == shown


def test_the_class_of_the_likes_ends_in_a_blank() -> None:
    """The class attribute of the likes ends in a blank on both pages, as imgrum's did."""
    for html in (account_page(gallery_of(PLAIN)), post_page(gallery_of(PLAIN), PLAIN)):
        assert 'class="gallery_likes gallery_likes_add "' in html


def test_a_post_page_has_pictures_counts_and_comments() -> None:
    """A post's page shows all pictures, the caption, likes, date and the comments with their authors."""
    thread = (GalleryComment("bea", "Nice & <b>bold</b>"), GalleryComment("cy", HOSTILE))
    post = replace(PLAIN, kind="carousel", pictures=("/p/1.jpg", "/p/2.jpg"), thread=thread)
    page = Selector(post_page(gallery_of(post), post))
    assert page.css("img.featured_image_standalone::attr(src)").getall() == list(post.pictures)
    assert page.css("article.contentarea::text").get() == post.caption
    assert page.css("div.gallery_likes span::text").get() == "36044"
    assert page.css("div.box_date > a::text").get() == "2017-05-25 02:31:09"
    comments = page.css("ol.commentlist > li.comment")
    shown = [(c.css("h6.author_name::text").get(), c.css("p::text").get()) for c in comments]
    assert shown == [(comment.author, comment.text) for comment in thread]


def test_markup_in_texts_is_escaped() -> None:
    """Markup and template code in captions, places and names are shown, never run."""
    post = replace(PLAIN, caption=HOSTILE, place=HOSTILE)
    gallery = replace(gallery_of(post), account='a"/<b>', full_name=HOSTILE)
    for html in (account_page(gallery), post_page(gallery, post)):
        page = Selector(html)
        assert page.css("article.contentarea::text").get() == HOSTILE
        assert not page.css("script, [onerror]")
    (wrapper,) = wrappers(account_page(gallery))
    assert shown_counts(wrapper)[0] == HOSTILE


def test_a_private_account_has_no_posts_and_no_post_pages() -> None:
    """A private account is a page with a note and no posts; its posts' pages are not found."""
    gallery = replace(gallery_of(PLAIN), private=True)
    html = find_page([gallery], "/user/ann/77")
    assert html is not None
    assert Selector(html).css("p.private_note")
    assert not wrappers(html)
    assert find_page([gallery], post_path(gallery, PLAIN)) is None


@pytest.mark.parametrize("path", ["/", "/user/bob/77", "/user/ann/78", "/user/ann/77/9_77", "/media/151_78"])
def test_unknown_pages_are_not_found(path: str) -> None:
    """Unknown accounts, ids and posts have no page."""
    assert find_page([gallery_of(PLAIN)], path) is None


def test_every_footer_says_that_the_counts_are_invented() -> None:
    """Every page says that its counts are invented, and whose photographs it shows."""
    for html in (account_page(gallery_of(PLAIN)), post_page(gallery_of(PLAIN), PLAIN)):
        footer = Selector(html).css("footer").get("")
        assert INVENTED_NOTE in footer
        assert all(subject.credit in footer for subject in SUBJECTS)


def test_the_gallery_has_every_kind_of_post() -> None:
    """The demo has images, carousels of 2 to 4, videos without pictures, and posts with missing fields."""
    posts = demo_gallery()[0].posts
    kinds = [post.kind for post in posts]
    assert len(posts) == 60
    assert kinds.count("image") > 40 > kinds.count("carousel") > kinds.count("video") > 1
    sizes = {kind: {len(p.pictures) for p in posts if p.kind == kind} for kind in kinds}
    assert sizes == {"image": {1}, "carousel": {2, 3, 4}, "video": {0}}
    assert sum(post.place is None for post in posts) > 3
    assert 1 <= sum(post.likes is None for post in posts) <= 2
    assert all(a.posted_at > b.posted_at and a.post_id > b.post_id for a, b in pairwise(posts))


def test_pictures_decode_and_differ() -> None:
    """The 60 posts have no two equal pictures, and each is a JPEG of a size that people post."""
    pictures = demo_gallery()[1]
    assert len(set(pictures.values())) == len(pictures) > 60
    for data in pictures.values():
        with Image.open(io.BytesIO(data)) as picture:
            picture.load()
            assert picture.format == "JPEG"
            assert picture.size in {(640, 640), (640, 800), (640, 427)}


@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_a_seed_determines_the_picture(subject: Subject) -> None:
    """The same seed gives the same bytes when the picture is developed again; another seed others."""
    developed_again = vary.__wrapped__  # past the cache
    assert vary(subject, 1) == developed_again(subject, 1) != vary(subject, 2)


def test_a_seed_determines_the_gallery() -> None:
    """The same seed gives the same gallery; another seed shares no post or picture with it."""
    gallery, pictures = demo_gallery(seed=3)
    assert gallery == demo_gallery(seed=3)[0]
    other, others = demo_gallery(seed=4)
    assert gallery.user_id != other.user_id
    assert not set(pictures) & set(others)


def test_counts_grow_from_run_to_run() -> None:
    """From run to run no count falls, all likes grow, and nothing else of a post changes."""
    before = demo_gallery()[0].posts
    for run in (1, 2, 3):
        after = demo_gallery(run=run)[0].posts
        for old, new in zip(before, after, strict=True):
            assert replace(new, likes=old.likes, comments=old.comments, thread=old.thread) == old
            assert old.likes is None or (new.likes or 0) > old.likes
            assert old.comments is None or (new.comments or 0) >= old.comments
        before = after
    with pytest.raises(ValueError, match="run -1"):
        demo_gallery(run=-1)


def test_new_posts_join_the_old_ones() -> None:
    """A later run with more posts has the same older posts, with counts that are no fewer."""
    before = demo_gallery(posts=20)[0].posts
    after = demo_gallery(posts=22, run=1)[0].posts
    assert [post.post_id for post in after[2:]] == [post.post_id for post in before]
    assert all((new.likes or 0) >= (old.likes or 0) for new, old in zip(after[2:], before, strict=True))


def test_the_planted_effects_are_visible() -> None:
    """Cats lead by likes, rockets by comments and coffee by count, as `counts` and the deck say."""
    posts = demo_gallery()[0].posts
    subject_of = {text: name for name, texts in words.CAPTIONS.items() for text in texts}
    captioned = [(subject_of[post.caption], post) for post in posts if post.caption]
    names = {name for name, _ in captioned}
    likes = {name: mean(p.likes for n, p in captioned if n == name and p.likes is not None) for name in names}
    talk = {
        name: mean(p.comments for n, p in captioned if n == name and p.comments is not None) for name in names
    }
    assert max(likes, key=likes.__getitem__) == "cat"
    assert max(talk, key=talk.__getitem__) == "rocket"
    assert max(names, key=[name for name, _ in captioned].count) == "coffee"


def test_light_pictures_get_more_likes() -> None:
    """With the same random numbers, a light picture of a subject gets 1.8 times the likes of a dark one."""
    light, dark = (counts.likes("cat", lightness, random.Random(1)) for lightness in (0.7, 0.3))
    assert light == pytest.approx(1.8 * dark)


def test_effects_and_words_name_subjects() -> None:
    """Every planted effect belongs to a subject, and every subject has its words and its share."""
    known = {subject.name for subject in SUBJECTS}
    assert set(counts.LIKED) | set(counts.DISCUSSED) <= known
    assert set(words.CAPTIONS) == set(words.PLACES) == known
    assert set(DECK) == known


def test_scripted_responses_come_first(demo: GalleryServer) -> None:
    """Responses scripted for a path are sent once each, in order, with status, headers, body and delay."""
    (gallery,) = demo.galleries
    url = demo.url(gallery)
    path = urlsplit(url).path
    demo.script[path] = [Response(500), Response(429, {"Retry-After": "7"}, b"slow", delay=0.2)]
    with pytest.raises(HTTPError, match="500"):
        urlopen(url, timeout=60)
    started = time.monotonic()
    with pytest.raises(HTTPError, match="429") as caught:
        urlopen(url, timeout=60)
    assert time.monotonic() - started >= 0.2
    assert caught.value.headers["Retry-After"] == "7"
    assert caught.value.read() == b"slow"
    assert wrappers(get(url))
    assert [requested for _, requested in demo.requests[-3:]] == [path] * 3


def test_the_server_has_pictures_and_robots_txt(demo: GalleryServer) -> None:
    """Pictures and robots.txt have their content types; an unknown path is a 404."""
    path, data = next(iter(demo.pictures.items()))
    with urlopen(demo.base + path, timeout=60) as response:
        assert (response.headers["Content-Type"], response.read()) == ("image/jpeg", data)
    with urlopen(demo.base + "/robots.txt", timeout=60) as response:
        assert response.headers["Content-Type"].startswith("text/plain")
        assert response.read() == b"User-agent: *\nDisallow:\n"
    with pytest.raises(HTTPError, match="404"):
        urlopen(demo.base + "/pictures/none.jpg", timeout=60)


def test_galleries_can_be_replaced_between_runs() -> None:
    """A request gets the galleries of its time."""
    first, second = gallery_of(PLAIN), gallery_of(replace(PLAIN, likes=40000))
    with GalleryServer([first], {}, robots="User-agent: *\nDisallow: /\n") as server:
        assert "36044" in get(server.url(first))
        server.galleries = [second]
        assert "40000" in get(server.url(second))
        assert "Disallow: /" in get(server.base + "/robots.txt")


def test_a_connection_stays_open_until_the_server_closes() -> None:
    """One connection carries many requests, HEAD too; closing the server ends it, and a pending delay."""
    gallery = gallery_of(PLAIN)
    with GalleryServer([gallery], {}) as server:
        connection = http.client.HTTPConnection(urlsplit(server.base).netloc, timeout=60)
        for method in ("GET", "HEAD", "GET"):
            connection.request(method, "/user/ann/77")
            response = connection.getresponse()
            assert (response.version, response.status, response.will_close) == (11, 200, False)
            assert bool(response.read()) == (method == "GET")
        server.script["/slow"] = [Response(200, delay=60)]
        connection.request("GET", "/slow")
        while server.script["/slow"]:
            time.sleep(0.01)
        started = time.monotonic()
    assert time.monotonic() - started < 30
    with pytest.raises(http.client.RemoteDisconnected):
        connection.getresponse()
    connection.close()


def test_the_map_has_every_module() -> None:
    """Every module and folder that the package's docstring lists exists, and none is missing from it."""
    folder = Path(flows.demo.__file__).parent
    listed = set(re.findall(r"^- `(\w+)`", flows.demo.__doc__ or "", re.MULTILINE))
    assert listed == {path.stem for path in folder.glob("*.py")} - {"__init__"}
    assert (folder / "templates").is_dir()
