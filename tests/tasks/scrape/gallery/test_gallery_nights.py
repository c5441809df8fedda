"""Nights of a gallery whose posts' own pages tell more than its lists: what is known is never made less."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tasks.errors import LayoutChanged
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.politeness import Politeness

PROFILE = r"""
name = "twofold"
account = '^/by/(?P<account>[^/]+)/?$'
dates = ["%Y-%m-%d %H:%M:%S", "%d %B %Y"]
[head]
present = { css = "header" }
account = { css = "header h1" }
posts = { css = "header b" }
[list]
post = { css = "article" }
next = { css = "a.older", attribute = "href" }
[post]
id = { css = "a", attribute = "href", pattern = '/p/(\d+)' }
url = { css = "a", attribute = "href" }
posted_at = { css = "time" }
picture = { css = "a img", attribute = "src" }
caption = { css = "p" }
comments = { css = "i" }
LIST_LIKES
[detail]
present = { css = "main" }
posted_at = { css = "time" }
caption = { css = "p" }
picture = { css = "main img", attribute = "src" }
likes = { css = "u" }
comments = { css = "i" }
"""


@dataclass
class Shown:
    """A post of the gallery: what its list and its own page show of it."""

    number: int
    likes: str
    age: float = 100.0
    comments: str = "3"
    on_list: str = ""
    listed_comments: str | None = None
    large: str = ""

    @property
    def posted_at(self) -> datetime:
        """With seconds, so that the day alone says less."""
        plain = datetime.now(UTC).replace(hour=14, minute=31, second=9, microsecond=0)
        return plain - timedelta(days=self.age)


@dataclass
class Gallery:
    """A gallery of the account ann: `lists` of posts, `extra` cards, `broken` own pages by status."""

    reply: Callable[..., Any]
    posts: list[Shown]
    extra: str = ""
    broken: dict[int, int] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    counted: int | None = None
    read: list[int] = field(default_factory=list)
    heading: str = "<header><h1>ann</h1><b>{}</b></header>"

    def __call__(self, asked: Any) -> Any:
        if asked.path in self.moved:
            return self.reply("", 302, {"Location": self.moved[asked.path]})
        if asked.path.startswith("/by/ann"):
            return self.reply(self._list(self.posts, self.heading.format(self.counted or len(self.posts))))
        if asked.path == "/about":
            return self.reply("<h1>What we are</h1>")
        if asked.path == "/":
            strangers = [Shown(number, "7") for number in range(900, 920)]
            return self.reply(self._list(strangers, ""))
        number = int(asked.path.rsplit("/", 1)[1])
        self.read.append(number)
        if number in self.broken:
            return self.reply("<h1>Sorry</h1>", self.broken[number])
        post = next(post for post in self.posts if post.number == number)
        return self.reply(
            f"<main><time>{post.posted_at:%Y-%m-%d %H:%M:%S}</time><p>All of caption {number}</p>"
            f"<u>{post.likes}</u><i>{post.comments}</i>{post.large}</main>"
        )

    def _list(self, posts: list[Shown], head: str) -> str:
        cards = "".join(
            f'<article><a href="/p/{post.number}"><img src="/{post.number}.jpg"></a>'
            f"<time>{post.posted_at:%d %B %Y}</time><p>All of …</p>"
            f"<i>{post.listed_comments or post.comments}</i><u>{post.on_list}</u></article>"
            for post in posts
        )
        return f"<!DOCTYPE html><body>{head}{cards}{self.extra}</body>"


@pytest.fixture
def gallery(reply) -> Gallery:
    """Twelve posts, the newest two of them young."""
    ages = {12: 1.0, 11: 3.0}
    return Gallery(
        reply, [Shown(n, f"{42_000 + n:,}", ages.get(n, 100.0 + 12 - n)) for n in range(12, 0, -1)]
    )


@pytest.fixture
def opened(importing) -> Callable[..., Any]:
    """Open the account at a server, as the settings do; `on_list` where the list shows likes too."""

    def open_it(base: str = "https://pix.example", *, on_list: bool = False) -> Any:
        likes = 'likes = { css = "u" }' if on_list else ""
        (importing.folder / "twofold.toml").write_text(PROFILE.replace("LIST_LIKES", likes))
        settings = GallerySettings(name="g", kind="gallery", profile="twofold.toml", url=f"{base}/by/ann")
        return settings.open(importing.folder)

    return open_it


@pytest.fixture
def run(importing, opened, directly, gallery) -> Callable[..., Any]:
    """Read the account as a run does."""

    def spend(*, on_list: bool = False, **options: Any) -> Any:
        source = directly(opened(on_list=on_list), gallery)
        return importing.read(source, **{"politeness": Politeness(0), **options})

    return spend


def latest(importing) -> dict[int, Any]:
    """The likes of each post in its latest observation."""
    rows = importing.rows(
        "select post_id::int, arg_max(struct_pack(likes), observed_at) from observations group by 1"
    )
    return {number: likes["likes"] for number, likes in rows}


def test_likes_of_own_pages_stay_on_every_kind_of_night(gallery, run, importing) -> None:
    """Young posts are observed on their own pages each night; old ones keep their likes, with full too."""
    expected = {n: 42_000 + n for n in range(1, 13)}
    assert run().status == "done"
    assert latest(importing) == expected
    for options in ({}, {"full": True}, {"full": True, "refresh_days": 2}):
        gallery.read.clear()
        gallery.posts[0].likes = f"{expected[12] + 100:,}"
        expected[12] += 100
        assert run(**options).status == "done"
        assert latest(importing) == expected
        assert gallery.read == ([12] if options.get("refresh_days") == 2 else [12, 11])
    assert importing.rows("select count(*) from observations where likes is null") == [(0,)]
    assert importing.rows("select count(*) from observations where post_id = '1'") == [(1,)]


def test_an_old_post_is_observed_on_its_own_page_ever_more_rarely(gallery, run, importing) -> None:
    """A full reading reads the page again after a tenth of the post's age, and refresh_days at least."""
    run()
    importing.home.lake.upsert(
        [replace(thread, read_at=datetime.now(UTC) - timedelta(days=12)) for thread in _threads(importing)]
    )
    gallery.read.clear()
    run(full=True, refresh_days=10)
    # Posts 10 to 3 are 102 to 109 days old, and posts 2 and 1 of 110 and 111 days come after 11 days.
    assert gallery.read == list(range(12, 0, -1))
    gallery.read.clear()
    run(full=True, refresh_days=10)
    assert gallery.read == [12, 11]


def _threads(importing) -> list[Any]:
    from warehouse.tables import Thread

    rows = importing.rows("select source, post_id, read_at, comments from threads")
    return [
        Thread(source=source, post_id=post_id, read_at=read_at.replace(tzinfo=UTC), comments=comments)
        for source, post_id, read_at, comments in rows
    ]


def test_a_rounded_list_and_a_day_replace_nothing_that_is_finer(gallery, run, importing) -> None:
    """42,007 stays where the list shows 42.0k, and the time where it shows the day; 42.9k is news."""
    for post in gallery.posts:
        post.on_list = "42.0k"
    run(on_list=True)
    exact = {n: 42_000 + n for n in range(1, 13)}
    assert latest(importing) == exact
    times = importing.rows("select post_id, posted_at, caption from posts order by all")
    gallery.posts[11].on_list = "42.9k"
    assert run(on_list=True, full=True).status == "done"
    assert latest(importing) == {**exact, 1: 42_900}
    assert importing.rows("select post_id, posted_at, caption from posts order by all") == times
    assert importing.rows(
        "select likes, likes_rounded from observations where post_id = '5' order by observed_at"
    ) == [(42_005, False), (42_005, True)]


def test_a_small_picture_of_the_list_replaces_no_large_one(gallery, run, importing) -> None:
    """The picture of the own page stays on nights that read the list alone; a re-signed one is taken over."""
    for post in gallery.posts:
        post.large = f'<img src="/large/{post.number}.jpg?sig=1">'
    run()
    gallery.posts[0].large = '<img src="/large/12.jpg?sig=2">'
    run(full=True)
    found = dict(importing.rows("select post_id::int, picture_url from post_pictures"))
    base = "https://pix.example/large"
    assert found == {12: f"{base}/12.jpg?sig=2", **{n: f"{base}/{n}.jpg?sig=1" for n in range(1, 12)}}


def test_comments_that_the_list_rounds_read_no_page_again(gallery, run) -> None:
    """1.2k comments on the list are the 1,234 of the own page, and 1.3k are new ones."""
    for post in gallery.posts:
        post.comments, post.listed_comments = "1,234", "1.2k"
    run(refresh_days=0)
    gallery.read.clear()
    gallery.posts[11].listed_comments = "1.3k"
    run(full=True, refresh_days=0)
    assert gallery.read == [1]


def test_an_own_page_that_fails_erases_nothing(gallery, run, importing) -> None:
    """Where a young post's page can't be read one night, its likes stay, and its new comments are stored."""
    run()
    gallery.posts[0].comments = "9"
    gallery.broken = {12: 404}
    assert run().status == "incomplete"
    found = importing.rows(
        "select likes, comments from observations where post_id = '12' order by observed_at"
    )
    assert found == [(42_012, 3), (None, 9)]
    from warehouse.publish import publish, published

    publish(importing.home)
    with published(importing.home) as database:
        asked = "select likes, comments from latest_observations where post_id = '12'"
        assert database.execute(asked).fetchall() == [(42_012, 9)]


def test_a_page_that_is_lost_becomes_a_known_gap(gallery, run, importing) -> None:
    """After three nights the night is done again, the page is left alone for a week, and one that works closes it."""
    gallery.broken = {5: 404}
    ends = [run(full=True) for _ in range(3)]
    assert [ended.status for ended in ends] == ["incomplete", "incomplete", "done"]
    assert "attempt 2 of 3" in ends[1].message and "post 5" in ends[1].message
    assert "Known gaps: 1 post" in ends[2].message
    assert "Check the account" not in ends[1].message
    gallery.read.clear()
    assert run(full=True).status == "done"
    assert 5 not in gallery.read
    _age_gaps(importing, days=8)
    assert run(full=True).status == "done"
    assert gallery.read.count(5) == 1
    _age_gaps(importing, days=8)
    gallery.broken = {}
    ended = run(full=True)
    assert (ended.status, ended.message) == ("done", "")
    assert latest(importing)[5] == 42_005


def _age_gaps(importing, days: int) -> None:
    """Let the attempts lie so many days back."""
    from warehouse.tables import Gap

    rows = importing.rows(
        "select source, post_id, attempts, first_attempt_at, last_attempt_at, message from gaps"
    )
    back = timedelta(days=days)
    importing.home.lake.upsert(
        [
            Gap(
                source=source,
                post_id=post_id,
                attempts=attempts,
                first_attempt_at=first.replace(tzinfo=UTC) - back,
                last_attempt_at=last.replace(tzinfo=UTC) - back,
                message=message,
            )
            for source, post_id, attempts, first, last, message in rows
        ]
    )


def test_pages_that_are_all_lost_are_no_gaps(gallery, run) -> None:
    """Where many own pages can't be read, the source is at fault, and no night is done."""
    gallery.broken = dict.fromkeys(range(1, 13), 404)
    ends = [run(full=True) for _ in range(4)]
    assert [ended.status for ended in ends] == ["incomplete"] * 4
    assert "own pages of 12 of 12 posts" in ends[3].message


def test_a_card_without_its_link_makes_no_post_gone(gallery, run, importing) -> None:
    """The post of a card that lost its link is not marked, nor is any other; the night says so."""
    run()
    lost = gallery.posts.pop(4)
    gallery.extra = f"<article><time>{lost.posted_at:%d %B %Y}</time><p>a caption</p><i>3</i></article>"
    ended = run(full=True)
    assert ended.status == "incomplete"
    assert "a post without post.id" in ended.message
    assert importing.rows("select count(*) from posts where gone_at is not null") == [(0,)]
    gallery.extra = ""
    assert run(full=True).status == "done"
    assert importing.rows("select post_id from posts where gone_at is not null") == [(str(lost.number),)]


@pytest.mark.parametrize(
    "card",
    [
        '<article><a href="https://shop.example/x"><img src="/ad.jpg"></a><p>Buy shoes</p></article>',
        '<article><ins class="ads"></ins><script>show()</script></article>',
        '<article><iframe src="https://ads.example/1"></iframe></article>',
    ],
    ids=["a link to a shop", "a script", "a frame"],
)
def test_an_advertisement_is_no_post_and_no_hole(gallery, run, importing, card: str) -> None:
    """With advertisements between the posts the night is done, and a deleted post is marked."""
    gallery.extra = card
    assert run().status == "done"
    lost = gallery.posts.pop(4)
    assert run(full=True).status == "done"
    assert importing.rows("select post_id from posts where gone_at is not null") == [(str(lost.number),)]


def test_more_posts_than_are_shown_make_none_gone(gallery, run, importing) -> None:
    """Where the account counts more posts than its pages show, one that is not shown may still be there."""
    run()
    gallery.counted = len(gallery.posts)
    gallery.posts.pop(4)
    assert run(full=True).status == "incomplete"
    assert importing.rows("select count(*) from posts where gone_at is not null") == [(0,)]


@pytest.mark.parametrize("first", [True, False], ids=["on the first night", "on a later night"])
def test_the_home_page_is_not_taken_for_the_account(gallery, run, importing, first: bool) -> None:
    """A redirect to the site's home page fails the source; nothing is stored or marked."""
    if not first:
        run()
    before = importing.tables()
    gallery.moved = {"/by/ann": "/"}
    with pytest.raises(LayoutChanged, match="can't be taken for a page of the account ann"):
        run(full=True)
    assert importing.tables() == before


def test_a_redirect_to_the_home_page_fails_over_http(site, gallery, importing, opened) -> None:
    """The same with a real server: its redirect is followed, and its page is not the account's."""
    gallery.moved = {"/by/ann": "/"}
    site.service = gallery
    with pytest.raises(LayoutChanged, match="can't be taken for a page of the account ann"):
        importing.read(opened(site.base), politeness=Politeness(0))
    assert importing.rows("select count(*) from posts") == [(0,)]


def test_a_redirect_to_any_other_page_is_reported_as_one(gallery, run, importing) -> None:
    """A page that does not fit the profile, because it is another one, is not blamed on the profile."""
    run()
    gallery.moved = {"/by/ann": "/about"}
    with pytest.raises(
        LayoutChanged, match=r"/by/ann leads to .*/about, which is not a page of the account ann"
    ):
        run(full=True)


def test_an_account_that_moved_is_known_by_its_name_or_its_posts(gallery, run, importing) -> None:
    """A redirect to another address is followed where the page names the account, or shows known posts."""
    gallery.moved = {"/by/ann": "/by/ann-of-pix/"}
    assert run().status == "done"
    gallery.heading = "<header><h1>Somebody</h1><b>{}</b></header>"
    assert run(full=True).status == "done"
    assert importing.rows("select count(*), count(gone_at) from posts") == [(12, 0)]


def test_a_first_page_that_shows_strangers_at_its_own_address_fails(gallery, run, importing) -> None:
    """The address alone is enough while nothing is known; with known posts, one of them must be there."""
    gallery.heading = "<nav></nav>"
    run()
    gallery.posts = [Shown(number, "7") for number in range(900, 920)]
    with pytest.raises(LayoutChanged, match="0 of its 20 posts are known"):
        run(full=True)
    assert importing.rows("select count(*), count(gone_at) from posts") == [(12, 0)]


def test_an_own_page_that_leads_elsewhere_is_not_the_posts(gallery, run, importing) -> None:
    """A post's page that redirects to another post's, or to the home page, gives the post nothing."""
    gallery.moved = {"/p/9": "/p/8", "/p/3": "/"}
    ended = run(full=True)
    assert ended.status == "incomplete"
    assert "which is not the page of the post 9" in ended.message
    assert latest(importing)[9] is None and latest(importing)[3] is None


def test_a_reading_without_any_count_is_no_observation(gallery, run, importing) -> None:
    """A new post of which neither list nor page tells a count has a row in posts and none in observations."""
    gallery.posts[3] = replace(gallery.posts[3], likes="?", comments="?")
    run()
    assert importing.rows("select count(*) from posts") == [(12,)]
    assert importing.rows("select count(*) from observations") == [(11,)]
