"""Read the posts of a list, and check that they have the fields that every page has."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tasks.scrape.gallery.advertisements import is_advertisement
from tasks.scrape.gallery.fields import COLUMNS, FieldReader, count_fields
from tasks.scrape.gallery.selector_types import Part
from tasks.scrape.pages import ScrapedPost

OPTIONAL_FIELDS = ("posted_at", "caption", "place", "likes", "comments", "pictures")
"""Fields that a list may leave to the post page."""
USUAL_FIELDS = ("posted_at", "likes", "comments")
"""If no post of a page has one of these, the layout has changed."""
MIN_POSTS = 5
"""A field that so many posts lack is missing for a reason."""
PROFILE_KEYS = {column: key for key, column in COLUMNS.items()}


class PostReader:
    """Reads the posts of one page.

    `advertisements` counts the parts of the list that are not posts; `missing_key` is the key that the last
    skipped post lacked.
    """

    def __init__(self, reader: FieldReader, may_lack: Collection[str]) -> None:
        self.reader = reader
        self.may_lack = may_lack
        self.advertisements = 0
        self.missing_key = "post.id"
        profile = reader.profile
        self.partial = profile.detail.has_fields
        # Pictures of a list are small if the post page has them too.
        self.unread = tuple(
            field
            for field in OPTIONAL_FIELDS
            if getattr(profile.post, PROFILE_KEYS.get(field, field)) is None
            or (field == "pictures" and profile.detail.picture is not None)
        )
        self.counts_on_own_page = any(
            field in self.unread and getattr(profile.detail, field) is not None
            for field in ("likes", "comments")
        )

    def read_all(self, parts: Sequence[Part]) -> tuple[ScrapedPost, ...]:
        """Read all posts. Raises `LayoutChanged` if none of them has a field that every page has."""
        posts = [post for part in parts if (post := self._read(part)) is not None]
        if len(parts) > self.advertisements:
            self._check_usual_fields(posts)
        return tuple(posts)

    def _check_usual_fields(self, posts: Sequence[ScrapedPost]) -> None:
        if not posts:
            raise self.reader.profile.layout_changed(self.reader.url, self.missing_key, "nothing in any post")
        selectors = self.reader.selectors
        with_pictures = [post for post in posts if post.kind != "video"]
        if "post.picture" in selectors and with_pictures and not any(post.pictures for post in with_pictures):
            self._refuse("picture", "nothing in any post")
        for field in USUAL_FIELDS:
            relevant = [post for post in posts if field != "likes" or not post.likes_hidden]
            is_missing = len(relevant) >= MIN_POSTS and all(getattr(post, field) is None for post in relevant)
            if is_missing and f"post.{field}" in selectors:
                reason = self.reader.unreadable.get(f"post.{field}")
                shown = f" ({reason})" if reason else ""
                self._refuse(field, f"no readable value in any post{shown}")

    def _read(self, part: Part) -> ScrapedPost | None:
        """Read one post. Returns None for an advertisement, and for a post without id or address."""
        reader, unparsed_before = self.reader, len(self.reader.unparsed)
        post_id = reader.name("post.id", part)
        url = reader.address("post.url", part)
        if post_id is None or url is None:
            self._skip(part, "post.id" if post_id is None else "post.url", unparsed_before)
            return None
        is_video = reader.matches("post.video", part)
        pictures = () if is_video else reader.addresses("post.picture", part)
        hidden = reader.matches("post.hidden", part)
        post = ScrapedPost(
            post_id=post_id,
            url=url,
            kind=kind_of(pictures, is_video=is_video),
            **count_fields("likes", None if hidden else reader.count("post.likes", part)),
            **count_fields("comments", reader.count("post.comments", part)),
            posted_at=reader.date("post.posted_at", part),
            caption=reader.text("post.caption", part),
            place=reader.name("post.place", part),
            pinned=None if reader.profile.post.pinned is None else reader.matches("post.pinned", part),
            likes_hidden=hidden,
            pictures=pictures,
            partial=self.partial,
            unread=self.unread,
            counts_on_own_page=self.counts_on_own_page,
        )
        if not pictures and not is_video:
            self._report_missing(post_id, "picture", "finds no picture")
        if post.posted_at is None and not reader.has_value("post.posted_at", part):
            self._report_missing(post_id, "posted_at", "finds no date")
        return post

    def _skip(self, part: Part, key: str, unparsed_before: int) -> None:
        reader = self.reader
        if is_advertisement(reader, part):
            self.advertisements += 1
            return
        reader.report(f"{reader.url}: skipped a post without {key} ({reader.selectors[key]})")
        if "id" not in reader.unparsed[unparsed_before:]:
            # It may be any known post, so a post that is not shown does not count as gone.
            reader.unparsed.append("id")
        self.missing_key = key

    def _report_missing(self, post_id: str, key: str, result: str) -> None:
        selector = self.reader.selectors.get(f"post.{key}")
        if selector is not None and COLUMNS.get(key, key) not in self.may_lack:
            self.reader.report(f"post {post_id}: post.{key} ({selector}) {result}")

    def _refuse(self, key: str, result: str) -> None:
        field = COLUMNS.get(key, key)
        if field not in self.may_lack:
            hint = f' If the account really has none, set may_lack = ["{field}"] in its [[sources]].'
            raise self.reader.profile.layout_changed(self.reader.url, f"post.{key}", result, hint)


def kind_of(pictures: tuple[str, ...], *, is_video: bool) -> str:
    """The kind of a post, by its pictures."""
    return "video" if is_video else "carousel" if len(pictures) > 1 else "image"
