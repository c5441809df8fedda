"""From a gallery's page to its posts: plain functions over a parsed page; nothing here asks a server.

A field that one post lacks or garbles is null, and a problem that says so. A field that no post of a
page has, though every page has it, means that the page no longer fits the profile: `LayoutChanged`
names its selector, and nothing of the page is used.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from tasks.errors import AccountNotFound, AccountPrivate, LayoutChanged, SourceRefused
from tasks.scrape.gallery.advertisements import is_advertisement
from tasks.scrape.gallery.entries import Entries
from tasks.scrape.gallery.fields import FieldReader, as_name
from tasks.scrape.gallery.messages import misfit
from tasks.scrape.gallery.plausibility import check_usual
from tasks.scrape.gallery.profile import PostPlaces, Profile
from tasks.scrape.gallery.selector_types import AddressPlace, Part, Place
from tasks.scrape.gallery.walls import wall_of
from tasks.scrape.pages import AccountInfo, Page, ScrapedPost
from tasks.scrape.values.counts import Count

UNREAD = ("posted_at", "caption", "place", "likes", "comments", "pictures")
"""Fields that a list may leave to the post's own page."""
FIELD_KEYS = {"pictures": "picture"}
"""What a profile calls a field of a post, where it is another word."""


def read_page(
    profile: Profile,
    page: Part,
    url: str,
    account: str,
    observed_at: datetime,
    *,
    may_be_empty: bool = False,
    may_lack: Collection[str] = (),
) -> Page:
    """The posts on one page of `account`, as they were at `observed_at`.

    `may_be_empty`: the pages before it have shown all posts that the account counts; where their number
    fills the last page, a pager often leads to one without any. `may_lack`: fields, by their names in the
    settings, that all posts may be without.

    Raises `AccountPrivate` or `AccountNotFound` when the page says so, `SourceRefused` for a login form or a check
    for robots in its place, and `LayoutChanged`, naming the selector, when the page does not fit the profile.
    """
    reader = FieldReader(profile, url, account, page.base)
    for trouble in page.troubles:
        reader.tell(f"{url}: {trouble}")
        # Posts may stand in what could not be read.
        reader.unparsed.append("page")
    if reader.is_there("head.private", profile.head.private, page):
        raise AccountPrivate(f"The account at {url} is private: its posts are shown to its followers only.")
    if reader.is_there("head.unknown", profile.head.unknown, page):
        raise AccountNotFound(f"{url} says that there is no such account. Check its name and the url.")
    head = read_head(reader, page)
    parts = post_parts(profile, page, url)
    if not parts and not (may_be_empty or "posts" in may_lack or _says_empty(profile, page, head)):
        if head is None and (wall := wall_of(page)) is not None:
            raise SourceRefused(
                f"{url} shows {wall} in place of the posts, so the site does not want us there now. Open the address"
                " in a browser; raise delay_seconds, or ask the site's owner before you run again."
            )
        raise LayoutChanged(misfit(profile, url, "list.post", profile.list.post, told("no post", page)))
    posts = PostReader(reader, may_lack)
    read = [post for part in parts if (post := posts.read(part)) is not None]
    check_usual(reader, read, len(parts) - posts.advertisements, posts.left_out, may_lack)
    return Page(
        url=url,
        observed_at=observed_at,
        account=account,
        head=head,
        posts=tuple(read),
        next_url=None,
        problems=reader.told(),
        unparsed=tuple(reader.unparsed),
    )


def check_head(profile: Profile, page: Page) -> Page:
    """The first page of an account; where it shows nothing of the account itself, with that as a problem."""
    if page.head is not None:
        return page
    problem = f"{page.url}: head.present ({profile.head.present}) finds nothing of the account"
    return replace(page, problems=(*page.problems, problem))


def read_head(reader: FieldReader, page: Part) -> AccountInfo | None:
    """The account as the page describes it; None where it does not."""
    places = reader.profile.head
    if not reader.is_there("head.present", places.present, page):
        return None
    followers = reader.count("head.followers", places.followers, page)
    following = reader.count("head.following", places.following, page)
    posts = reader.count("head.posts", places.posts, page)
    return AccountInfo(
        name=reader.read("head.account", places.account, page, as_name),
        followers=number(followers),
        following=number(following),
        posts=number(posts),
        posts_least=None if posts is None else posts.least,
        rounded=any(is_rounded(count) for count in (followers, following, posts)),
    )


def post_parts(profile: Profile, page: Part, url: str) -> list[Part]:
    """Each post's own part of a page of posts."""
    place = profile.list.post
    try:
        found = place.find(page)
    except ValueError as error:
        raise LayoutChanged(misfit(profile, url, "list.post", place, f"nothing: {error}")) from error
    if place.in_json:
        return [Part(None, data) for data in found]
    entries = Entries(profile, page, url)
    return [entries.with_data(Part(element)) for element in found if not isinstance(element, str | float)]


class PostReader:
    """Reads posts of one page; `left_out` is the place that the last post left out lacked.

    `advertisements` counts the parts of the list that are no posts.
    """

    def __init__(self, reader: FieldReader, may_lack: Collection[str]) -> None:
        self.reader = reader
        self.may_lack = may_lack
        self.partial = reader.profile.detail.tells_more
        # Pictures of a list are small ones where the post's own page has them too.
        self.unread = tuple(
            name
            for name in UNREAD
            if _place_of(reader.profile.post, name) is None
            or (name == "pictures" and reader.profile.detail.picture is not None)
        )
        self.counts_on_own_page = any(
            name in self.unread and getattr(reader.profile.detail, name) is not None
            for name in ("likes", "comments")
        )
        self.left_out: tuple[str, Place] = ("post.id", reader.profile.post.id)
        self.advertisements = 0
        self.unparsed_before = 0

    def read(self, part: Part) -> ScrapedPost | None:
        """One post, or None: an advertisement, or with a problem a post that has no id or no address."""
        reader, places = self.reader, self.reader.profile.post
        self.unparsed_before = len(reader.unparsed)
        post_id = reader.read("post.id", places.id, part, as_name)
        url = reader.address("post.url", places.url, part)
        if post_id is None or url is None:
            self._leave_out(part, *(("post.id", places.id) if post_id is None else ("post.url", places.url)))
            return None
        is_video = reader.is_there("post.video", places.video, part)
        pictures = () if is_video else reader.addresses("post.picture", places.picture, part)
        hidden = reader.is_there("post.hidden", places.hidden, part)
        likes = None if hidden else reader.count("post.likes", places.likes, part)
        comments = reader.count("post.comments", places.comments, part)
        posted_at = reader.read("post.posted_at", places.posted_at, part, reader.read_date)
        post = ScrapedPost(
            post_id=post_id,
            url=url,
            kind=kind_of(pictures, is_video=is_video),
            posted_at=posted_at,
            caption=reader.text("post.caption", places.caption, part),
            place=reader.read("post.place", places.place, part, as_name),
            pinned=None if places.pinned is None else reader.is_there("post.pinned", places.pinned, part),
            likes=number(likes),
            comments=number(comments),
            likes_hidden=hidden,
            pictures=pictures,
            likes_rounded=is_rounded(likes),
            comments_rounded=is_rounded(comments),
            likes_least=least(likes),
            comments_least=least(comments),
            partial=self.partial,
            unread=self.unread,
            counts_on_own_page=self.counts_on_own_page,
        )
        self._tell_lacks(post, part)
        return post

    def _leave_out(self, part: Part, name: str, place: Place) -> None:
        if is_advertisement(self.reader, part):
            self.advertisements += 1
            return
        self.reader.tell(f"{self.reader.url}: a post without {name} ({place}) was left out")
        if "id" not in self.reader.unparsed[self.unparsed_before :]:
            # It may be any known post, so none is gone for not being shown.
            self.reader.unparsed.append("id")
        self.left_out = name, place

    def _tell_lacks(self, post: ScrapedPost, part: Part) -> None:
        places, reader = self.reader.profile.post, self.reader
        if not post.pictures and post.kind != "video" and _must(places.picture, "pictures", self.may_lack):
            reader.tell(f"post {post.post_id}: post.picture ({places.picture}) finds no picture")
        lacks_date = post.posted_at is None and not reader.has_value(places.posted_at, part)
        if lacks_date and _must(places.posted_at, "posted_at", self.may_lack):
            reader.tell(f"post {post.post_id}: post.posted_at ({places.posted_at}) finds no date")


def told(what: str, page: Part) -> str:
    """What a selector finds, and what of the page could not be read at all."""
    return f"{what} ({'; '.join(page.troubles)})" if page.troubles else what


def kind_of(pictures: tuple[str, ...], *, is_video: bool) -> str:
    """What a post is, by its pictures."""
    return "video" if is_video else "carousel" if len(pictures) > 1 else "image"


def number(count: Count | None) -> int | None:
    """A count's value."""
    return None if count is None else count.value


def least(count: Count | None) -> int | None:
    """The smallest number that a page shows as this count."""
    return None if count is None else count.least


def _place_of(places: PostPlaces, name: str) -> Place | None:
    place: Place | None = getattr(places, FIELD_KEYS.get(name, name))
    return place


def is_rounded(count: Count | None) -> bool:
    """Whether a count is known and rounded."""
    return count is not None and count.rounded


def _must(place: Place | AddressPlace | None, field: str, may_lack: Collection[str]) -> bool:
    return place is not None and field not in may_lack


def _says_empty(profile: Profile, page: Part, head: AccountInfo | None) -> bool:
    """Whether the page itself says that there are no posts: by the account's count, or by an empty array."""
    place = profile.list.post
    if head is not None and head.posts == 0:
        return True
    return place.in_json and place.finds_empty(page)
