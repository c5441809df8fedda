"""A post's own page: what it changes of the post, whose comments they are, and what is said of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.crawl.site_adapter import Detail, Response
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.gallery.fields import MAX_NAME, MAX_PROBLEMS
from tasks.scrape.gallery.profile import DetailPlaces, Profile, load_profile
from tasks.scrape.pages import ScrapedPost

URL = "https://cardwall.example/p/1"
POST = ScrapedPost(
    "1", URL, "image", likes=5, comments=2, caption="short", pictures=("https://x.example/1.jpg",)
)
LIKES = '<script type="application/ld+json">{"interactionStatistic": [{"interactionType": "https://schema.org/LikeAction", "userInteractionCount": 7}]}</script>'


def read(profile: Profile, html: str, post: ScrapedPost = POST) -> Detail:
    adapter = GalleryAdapter(profile, "ines", "https://cardwall.example/@ines")
    return adapter.read_detail(Response(URL, html, datetime.now(UTC)), post)


@pytest.fixture
def cardwall() -> Profile:
    """The built-in profile, with a mark for hidden likes on the post's own page too."""
    profile = load_profile("cardwall")
    detail = {**dict(profile.detail), "hidden": {"css": "i.hidden"}}
    given = {**profile.model_dump(exclude={"detail"}), "detail": DetailPlaces.model_validate(detail)}
    return Profile.model_validate(given)


def test_what_the_page_does_not_tell_stays(cardwall: Profile) -> None:
    """A post's own page without caption, likes or pictures leaves those that the list showed."""
    post = read(cardwall, '<main class="photo"></main>', replace(POST, comments=0)).post
    assert post == replace(POST, comments=0)


def test_likes_that_are_hidden_or_shown_only_there(cardwall: Profile) -> None:
    """Likes that the post's own page hides are null; likes that only it shows are no longer hidden."""
    hidden = read(cardwall, f'<main class="photo"><i class="hidden"></i></main>{LIKES}').post
    assert (hidden.likes, hidden.likes_hidden) == (None, True)
    shown = read(
        cardwall, f'<main class="photo"></main>{LIKES}', replace(POST, likes=None, likes_hidden=True)
    ).post
    assert (shown.likes, shown.likes_hidden) == (7, False)


def test_a_page_of_another_kind_is_refused(cardwall: Profile) -> None:
    """A page without what every post's page has is an error with the selector, also where none is named for it."""
    with pytest.raises(LayoutChanged, match=r"detail\.present \(main\.photo\)"):
        read(cardwall, "<h1>Sign in</h1>")
    places = cardwall.detail.model_copy(update={"present": None})
    with pytest.raises(LayoutChanged, match="detail"):
        read(cardwall.model_copy(update={"detail": places}), "<h1>Sign in</h1>")


def test_no_author_is_named_in_a_problem(cardwall: Profile) -> None:
    """Problems go to logs and tables, where authors' names do not belong; one that can't be read is told without it."""
    name = "somebody" * MAX_NAME
    html = f'<main class="photo"><ol class="said"><li class="saying"><b class="saying__who">{name}</b><p class="saying__words">hi</p></li></ol></main>'
    detail = read(cardwall, html)
    assert detail.unparsed == ("comment.author",)
    assert all("somebody" not in problem for problem in detail.problems)


def test_a_thousand_problems_are_not_a_thousand_lines() -> None:
    """A page on which everything is wrong is told in so many lines, and a last one with the number of the others."""
    thread = [{"id": n, "by": {"handle": "a"}, "body": "b", "hearts": "many"} for n in range(1000)]
    html = f"<script>window.__LUMEN__ = {json.dumps({'photo': {'thread': thread}})}</script>"
    detail = read(load_profile("lumen"), html)
    assert len(detail.post.thread) == len(detail.unparsed) == 1000
    assert len(detail.problems) == MAX_PROBLEMS + 1 and "800 more" in detail.problems[-1]


def test_a_reply_without_end_is_no_trap() -> None:
    """Replies to replies to replies are followed so far, and no further."""
    one: dict[str, object] = {"id": 0, "by": {"handle": "a"}, "body": "b", "answers": []}
    for number in range(1, 200):
        one = {"id": number, "by": {"handle": "a"}, "body": "b", "answers": [one]}
    html = f"<script>window.__LUMEN__ = {json.dumps({'photo': {'thread': [one]}})}</script>"
    thread = read(load_profile("lumen"), html).post.thread
    assert 10 < len(thread) < 100
    assert [comment.parent_id for comment in thread[1:]] == [comment.comment_id for comment in thread[:-1]]
