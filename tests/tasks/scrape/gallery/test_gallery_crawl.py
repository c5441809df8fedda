"""Crawls of a local server with the other layouts: pagers and post pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tasks.errors import AccountNotFound, LayoutChanged
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.pages import Page
from tasks.scrape.politeness import Politeness
from tasks.scrape.read_context import ReadContext
from tasks.scrape.spool import Spool

LUMEN, WALL, BOGEN = "/u/kofi", "/@ines", "/mappe/joerg"


def lumen(posts: Sequence[int], cursor: str | None = None, count: int | None = None, replies: int = 0) -> str:
    """A page of the profile lumen."""
    items = [
        {
            "id": post,
            "code": f"c{post}",
            "kind": "photo",
            "taken": 1741276811,
            "hearts": post,
            "replies": replies,
        }
        | {"media": [{"type": "photo", "url": f"/{post}.jpg"}]}
        for post in posts
    ]
    feed = {"items": items, "more": cursor is not None, "cursor": cursor}
    state = {"user": {"handle": "kofi", "stats": {"photos": count}}, "feed": feed}
    return f"<script>window.__LUMEN__ = {json.dumps(state)};</script>"


def thread(comments: Sequence[int], cursor: str | None = None) -> str:
    """A post page of the profile lumen."""
    comment_items = [
        {"id": one, "by": {"handle": f"u{one}"}, "body": "hi", "answers": []} for one in comments
    ]
    return f"<script>window.__LUMEN__ = {json.dumps({'photo': {'thread': comment_items, 'thread_cursor': cursor}})}</script>"


def bogen(posts: Sequence[int], pages: str = "", count: int | None = None) -> str:
    """A page of the profile bilderbogen."""
    shown = "".join(
        f'<td class="bild"><a class="bild" href="/bild/{post}"><img src="/{post}.jpg"></a>'
        f'<small class="datum">31.12.2023</small><span class="gefaellt">Gefällt {post} Mal</span>'
        f'<span class="kommentare">0 Kommentare</span></td>'
        for post in posts
    )
    head = "" if count is None else f'<div class="mappe"><h1>J</h1></div><p class="zahlen">{count} Bilder</p>'
    return f'{head}<table class="bogen"><tr>{shown}</tr></table><p class="seiten">{pages}</p>'


@pytest.fixture
def lists(crawl) -> Callable[..., list[Page]]:
    """Crawl an account's lists, without comments."""
    return lambda url, profile: crawl(url, profile=profile, comments=False)


def add_post_pages(site, reply, posts: Sequence[int]) -> None:
    """Add post pages of the profile bilderbogen, each with one picture."""
    for post in posts:
        body = f'<div class="einzelbild"><img class="gross" src="/{post}_gross.jpg"></div>'
        site.replies[f"/bild/{post}"] = reply(body)


@pytest.mark.slow
def test_a_cursor_leads_to_the_last_page(site, reply, lists, ids) -> None:
    """The cursor of the page's JSON is quoted in the next address, until the site reports the last page."""
    site.replies[LUMEN] = reply(lumen([9, 8], "a+b/c=", count=5))
    site.replies[f"{LUMEN}?after=a%2Bb%2Fc%3D"] = reply(lumen([8, 7, 6], "z"))
    site.replies[f"{LUMEN}?after=z"] = reply(lumen([5]))
    pages = lists(site.base + LUMEN, "lumen")
    assert ids(pages) == [9, 8, 7, 6, 5]
    assert [page.problems for page in pages] == [(), (), ()]
    assert pages[0].next_url == f"{site.base}{LUMEN}?after=a%2Bb%2Fc%3D"


def test_a_cursor_that_never_changes_ends_the_crawl(site, reply, lists, ids) -> None:
    """If the cursor leads to the same page again, the crawl ends after that page."""
    site.replies[LUMEN] = reply(lumen([9, 8], "x"))
    site.replies[f"{LUMEN}?after=x"] = reply(lumen([7], "x"))
    assert ids(lists(site.base + LUMEN, "lumen")) == [9, 8, 7]
    assert site.paths == [LUMEN, f"{LUMEN}?after=x"]


def test_a_json_response_is_read_as_a_page(site, reply, lists, ids) -> None:
    """If the response to a cursor is JSON alone, the same profile reads it."""
    site.replies[LUMEN] = reply(lumen([9], "x"))
    state = lumen([8, 7]).partition("= ")[2].removesuffix(";</script>")
    site.replies[f"{LUMEN}?after=x"] = reply(state, headers={"Content-Type": "application/json"})
    assert ids(lists(site.base + LUMEN, "lumen")) == [9, 8, 7]


@pytest.mark.slow
def test_an_interrupted_crawl_resumes_at_its_next_page(site, reply, open_source, ids, tmp_path: Path) -> None:
    """The address of the next page is all that it needs, for a cursor and for a numbered page."""
    site.replies[f"{LUMEN}?after=x"] = reply(lumen([8, 7], "y"))
    site.replies[f"{LUMEN}?after=y"] = reply(lumen([6]))
    site.replies[LUMEN] = reply(lumen([9], "x"))
    site.replies[BOGEN] = reply(bogen([9, 8]))
    site.replies[f"{BOGEN}?seite=2"] = reply(bogen([7]))
    site.replies[f"{BOGEN}?seite=3"] = reply(bogen([]))
    add_post_pages(site, reply, [9, 8, 7])
    for account, profile, requested in ((LUMEN, "lumen", [f"{LUMEN}?after=x", f"{LUMEN}?after=y"]),
                                    (BOGEN, "bilderbogen", [f"{BOGEN}?seite=2", f"{BOGEN}?seite=3"])):  # fmt: skip
        source, spool = open_source(site.base + account, profile), Spool(tmp_path / f"{profile}.jsonl")
        first = source.pages(ReadContext(spool, Politeness(0)))
        spool.add(next(first))
        first.close()
        before = len(site.paths)
        rest = list(source.pages(ReadContext(Spool(spool.file), Politeness(0))))
        assert [path for path in site.paths[before:] if "?" in path] == requested
        assert len(ids(rest)) == len(set(ids(rest))) and 9 not in ids(rest)


def test_numbered_pages_end_at_the_largest_number(site, reply, lists, ids) -> None:
    """If the pager shows page numbers, no page above the largest is requested."""
    pages = '<b>1</b> <a href="?seite=2">2</a> <a href="?seite=2">weiter</a>'
    site.replies[BOGEN] = reply(bogen([9, 8], pages, 3))
    site.replies[f"{BOGEN}?seite=2"] = reply(bogen([7], '<a href="?seite=1">1</a> <b>2</b>'))
    add_post_pages(site, reply, [9, 8, 7])
    read = lists(site.base + BOGEN, "bilderbogen")
    assert ids(read) == [9, 8, 7]
    assert [path for path in site.paths if path.startswith(BOGEN)] == [BOGEN, f"{BOGEN}?seite=2"]
    assert all(page.problems == () for page in read)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["empty", "repeated", "missing"])
def test_numbered_pages_without_a_last_number_end_without_new_posts(site, reply, lists, ids, end) -> None:
    """A page that is empty, shows the last posts again or does not exist is the end, and not a problem."""
    site.replies[BOGEN] = reply(bogen([9, 8], count=3))
    site.replies[f"{BOGEN}?seite=2"] = reply(bogen([8, 7]))
    if end != "missing":
        site.replies[f"{BOGEN}?seite=3"] = reply(bogen([] if end == "empty" else [8, 7]))
    add_post_pages(site, reply, [9, 8, 7])
    read = lists(site.base + BOGEN, "bilderbogen")
    assert ids(read) == [9, 8, 7]
    assert site.paths.count(f"{BOGEN}?seite=3") == 1 and f"{BOGEN}?seite=4" not in site.paths
    assert all(page.problems == () and not page.more for page in read)


def test_numbered_pages_that_end_too_early_are_a_problem(site, reply, lists) -> None:
    """If the account counts more posts than the pages show, the problem names the pager."""
    site.replies[BOGEN] = reply(bogen([9, 8], count=30))
    site.replies[f"{BOGEN}?seite=2"] = reply(bogen([]))
    add_post_pages(site, reply, [9, 8])
    read = lists(site.base + BOGEN, "bilderbogen")
    assert "28 more posts" in read[-1].problems[0] and "list.numbered" in read[-1].problems[0]
    assert read[-1].more


def test_a_missing_first_page_is_an_unknown_account(site, crawl) -> None:
    """A numbered page that does not exist is the end only after the first page."""
    with pytest.raises(AccountNotFound):
        crawl(site.base + BOGEN, profile="bilderbogen")


def test_comments_are_read_until_their_last_page(site, reply, crawl) -> None:
    """All pages of comments are read; the page of a post that counts none is not requested."""
    site.replies[LUMEN] = reply(lumen([9], "x", replies=4))
    site.replies[f"{LUMEN}?after=x"] = reply(lumen([8]))
    site.replies["/photo/c9"] = reply(thread([1, 2], "n"))
    site.replies["/photo/c9?thread_after=n"] = reply(thread([2, 3], "m"))
    site.replies["/photo/c9?thread_after=m"] = reply(thread([3], "k"))
    (nine,), (eight,) = [page.posts for page in crawl(site.base + LUMEN, profile="lumen")]
    assert [comment.comment_id for comment in nine.thread] == ["1", "2", "3"]
    assert [comment.author for comment in nine.thread] == ["u1", "u2", "u3"]
    assert nine.detailed and not nine.partial and not eight.detailed
    assert "/photo/c8" not in site.paths and "/photo/c9?thread_after=k" not in site.paths


def test_a_carousel_is_complete_from_its_post_page(site, reply, crawl) -> None:
    """The list shows one picture of a carousel, the post page all of them and the complete caption."""
    card = (
        '<article class="card" id="p-{0}"><a class="card__link" href="/p/{0}"><img src="/{0}.jpg"></a>'
        '<time datetime="2025-03-01T07:00:00Z"></time><ul><li class="likes" title="5"></li></ul></article>'
    )
    body = f'<header class="owner">I</header><main class="wall">{card.format(1)}{card.format(2)}</main>'
    site.replies[WALL] = reply(body)
    frame = '<main class="photo"><figure class="photo__frame"><img src="/1.jpg"><img src="/1b.jpg"></figure>'
    site.replies["/p/1"] = reply(f'{frame}<div class="photo__caption">All of it</div></main>')
    (page,) = crawl(site.base + WALL, profile="cardwall", comments=False)
    complete, partial = page.posts
    assert (complete.kind, complete.caption, complete.partial) == ("carousel", "All of it", False)
    assert complete.pictures == (f"{site.base}/1.jpg", f"{site.base}/1b.jpg")
    assert (partial.kind, partial.partial, partial.detailed) == ("image", True, False)
    assert [(unread.post_id, "404" in unread.why) for unread in page.unread_pages] == [("2", True)]


def test_a_post_page_that_does_not_fit_affects_only_its_post(site, reply, crawl) -> None:
    """The problem names the post and the selector, and the post stays as the list shows it."""
    body = bogen([9, 8], count=2)
    site.replies[BOGEN] = reply(body)
    site.replies[f"{BOGEN}?seite=2"] = reply(bogen([]))
    add_post_pages(site, reply, [8])
    site.replies["/bild/9"] = reply("<h1>Wartung</h1>")
    page, _ = crawl(site.base + BOGEN, profile="bilderbogen")
    assert [post.detailed for post in page.posts] == [False, True]
    (unread,) = page.unread_pages
    assert unread.post_id == "9" and "detail.present (div.einzelbild)" in unread.why


def five_without_likes() -> str:
    state = lumen([5, 4, 3, 2, 1])
    return state.replace('"hearts": ', '"hearts": null, "was": ')


def test_an_account_without_likes_is_read_if_the_settings_allow_it(site, reply, tmp_path: Path) -> None:
    """Five posts without likes are an error that names the setting; with the setting they are read."""
    site.replies[LUMEN] = reply(five_without_likes())

    def read(may_lack: tuple[str, ...]) -> list[Page]:
        settings = GallerySettings.model_validate(
            {
                "name": "k",
                "kind": "gallery",
                "profile": "lumen",
                "url": site.base + LUMEN,
                "may_lack": may_lack,
            }
        )
        return list(settings.open(tmp_path).pages(ReadContext(Spool(tmp_path / "none"), Politeness(0))))

    with pytest.raises(LayoutChanged) as raised:
        read(())
    assert "post.likes (hearts)" in str(raised.value) and 'may_lack = ["likes"]' in str(raised.value)
    (page,) = read(("likes",))
    assert [post.likes for post in page.posts] == [None] * 5
