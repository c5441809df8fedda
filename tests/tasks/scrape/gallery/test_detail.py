"""Post pages: which fields of the post they change, and their comments."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.crawl.site_adapter import Detail, Response
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.gallery.fields import MAX_NAME, MAX_PROBLEMS
from tasks.scrape.gallery.profile import DetailSelectors, Profile, load_profile
from tasks.scrape.pages import ScrapedPost

URL = "https://cardwall.example/p/1"
POST = ScrapedPost(
    "1", URL, "image", likes=5, comments=2, caption="short", pictures=("https://x.example/1.jpg",)
)
LIKES = '<script type="application/ld+json">{"interactionStatistic": [{"interactionType": "https://schema.org/LikeAction", "userInteractionCount": 7}]}</script>'


def read_post_page(profile: Profile, html: str, post: ScrapedPost = POST) -> Detail:
    adapter = GalleryAdapter(profile, "ines", "https://cardwall.example/@ines")
    return adapter.read_detail(Response(URL, html, datetime.now(UTC)), post)


@pytest.fixture
def cardwall() -> Profile:
    """The built-in profile, with a mark for hidden likes on the post page."""
    profile = load_profile("cardwall")
    detail = {**dict(profile.detail), "hidden": {"css": "i.hidden"}}
    values = {**profile.model_dump(exclude={"detail"}), "detail": DetailSelectors.model_validate(detail)}
    return Profile.model_validate(values)


def test_fields_that_the_page_lacks_stay(cardwall: Profile) -> None:
    """A post page without caption, likes or pictures does not change those of the list."""
    post = read_post_page(cardwall, '<main class="photo"></main>', replace(POST, comments=0)).post
    assert post == replace(POST, comments=0)


def test_the_post_page_can_hide_or_show_likes(cardwall: Profile) -> None:
    """Likes that the post page hides are null; likes that only it shows are no longer hidden."""
    hidden = read_post_page(cardwall, f'<main class="photo"><i class="hidden"></i></main>{LIKES}').post
    assert (hidden.likes, hidden.likes_hidden) == (None, True)
    shown = read_post_page(
        cardwall, f'<main class="photo"></main>{LIKES}', replace(POST, likes=None, likes_hidden=True)
    ).post
    assert (shown.likes, shown.likes_hidden) == (7, False)


def test_a_page_that_is_not_a_post_page_is_refused(cardwall: Profile) -> None:
    """A page without detail.present is refused; without such a selector, a page without any value is."""
    with pytest.raises(LayoutChanged, match=r"detail\.present \(main\.photo\)"):
        read_post_page(cardwall, "<h1>Sign in</h1>")
    places = cardwall.detail.model_copy(update={"present": None})
    with pytest.raises(LayoutChanged, match="detail"):
        read_post_page(cardwall.model_copy(update={"detail": places}), "<h1>Sign in</h1>")


def test_problems_do_not_name_authors(cardwall: Profile) -> None:
    """Problems go to logs and tables, so an author that can't be read is reported without the name."""
    name = "somebody" * MAX_NAME
    html = f'<main class="photo"><ol class="said"><li class="saying"><b class="saying__who">{name}</b><p class="saying__words">hi</p></li></ol></main>'
    detail = read_post_page(cardwall, html)
    assert detail.unparsed == ("comment.author",)
    assert all("somebody" not in problem for problem in detail.problems)


def test_the_number_of_reported_problems_is_limited() -> None:
    """Above the limit, a last problem has the number of the others."""
    thread = [{"id": n, "by": {"handle": "a"}, "body": "b", "hearts": "many"} for n in range(1000)]
    html = f"<script>window.__LUMEN__ = {json.dumps({'photo': {'thread': thread}})}</script>"
    detail = read_post_page(load_profile("lumen"), html)
    assert len(detail.post.thread) == len(detail.unparsed) == 1000
    assert len(detail.problems) == MAX_PROBLEMS + 1 and "800 more" in detail.problems[-1]


def test_the_depth_of_replies_is_limited() -> None:
    """Replies to replies are read up to a limit."""
    one: dict[str, object] = {"id": 0, "by": {"handle": "a"}, "body": "b", "answers": []}
    for number in range(1, 200):
        one = {"id": number, "by": {"handle": "a"}, "body": "b", "answers": [one]}
    html = f"<script>window.__LUMEN__ = {json.dumps({'photo': {'thread': [one]}})}</script>"
    thread = read_post_page(load_profile("lumen"), html).post.thread
    assert 10 < len(thread) < 100
    assert [comment.parent_id for comment in thread[1:]] == [comment.comment_id for comment in thread[:-1]]
