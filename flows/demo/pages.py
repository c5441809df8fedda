"""Galleries as imgrum's pages: the same elements, classes and addresses, so that its profile reads them.

`find_page` returns the page at an address; `account_page` and `post_page` render one page. The HTML is in `templates`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from jinja2 import Environment, PackageLoader, StrictUndefined

from flows.demo.gallery import INVENTED_NOTE, Gallery, GalleryPost
from flows.demo.photographs import SUBJECTS


def account_path(gallery: Gallery) -> str:
    """Return the path of an account's first list page: /user/{name}/{user_id}."""
    return f"/user/{quote(gallery.account, safe='')}/{gallery.user_id}"


def older_path(gallery: Gallery, max_id: str) -> str:
    """Return the path of the list page after the post `max_id`: /user/{name}/{user_id}/{max_id}_{user_id}."""
    return f"{account_path(gallery)}/{max_id}_{gallery.user_id}"


def post_path(gallery: Gallery, post: GalleryPost) -> str:
    """Return the path of a post page: /media/{id}_{user_id}."""
    return f"/media/{post.post_id}_{gallery.user_id}"


def find_page(galleries: Sequence[Gallery], path: str) -> str | None:
    """Return the page at a URL path (without a query) as HTML; None if there is none."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    for gallery in galleries:
        match parts:
            case ["user", gallery.account, gallery.user_id]:
                return account_page(gallery)
            case ["user", gallery.account, gallery.user_id, marker] if _owned(marker, gallery):
                return account_page(gallery, older_than=_post_id(marker))
            case ["media", marker] if _owned(marker, gallery) and not gallery.private:
                post = next(post for post in gallery.posts if post.post_id == _post_id(marker))
                return post_page(gallery, post)
    return None


def account_page(gallery: Gallery, older_than: str | None = None) -> str:
    """Return a list page of an account: the newest posts, or those after the post `older_than`.

    Raises `ValueError` if the account has no such post.
    """
    start = 0
    if older_than is not None:
        start = [post.post_id for post in gallery.posts].index(older_than) + 1
    end = start + gallery.page_size
    posts = () if gallery.private else gallery.posts[start:end]
    older = older_path(gallery, posts[-1].post_id) if posts and end < len(gallery.posts) else None
    return _TEMPLATES.get_template("account.html").render(gallery=gallery, posts=posts, older=older)


def post_page(gallery: Gallery, post: GalleryPost) -> str:
    """Return a post page: all pictures and the first comments."""
    return _TEMPLATES.get_template("post.html").render(gallery=gallery, post=post)


def _post_id(marker: str) -> str:
    return marker.rpartition("_")[0]


def _owned(marker: str, gallery: Gallery) -> bool:
    """Return whether `{id}_{user_id}` names a post of this gallery."""
    post_id, _, user_id = marker.rpartition("_")
    return user_id == gallery.user_id and any(post.post_id == post_id for post in gallery.posts)


def _moment(when: datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _environment() -> Environment:
    """Make the template environment; autoescape is on, because captions, names and places come from outside."""
    environment = Environment(
        loader=PackageLoader("flows.demo"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    environment.globals.update(account_path=account_path, post_path=post_path)
    environment.globals.update(note=INVENTED_NOTE, credits=[(s.shows, s.credit) for s in SUBJECTS])
    return environment


_TEMPLATES = _environment()
