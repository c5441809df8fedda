"""Whatever JSON stands in whatever field, a node gives a post, or a problem, and never a crash."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasks.scrape.instaloader.comments import comments_of
from tasks.scrape.instaloader.pictures import SiblingFiles, pictures_of
from tasks.scrape.instaloader.post import head_of, node_of, owner_of, post_of, shortcode_of
from tasks.scrape.pages import PAGE_JSON, Page
from tasks.scrape.values.fields import Fields

KEYS = [
    "node", "instaloader", "node_type", "shortcode", "code", "date", "taken_at_timestamp", "caption", "text", "edges",
    "edge_media_to_caption", "edge_media_preview_like", "edge_sidecar_to_children", "count", "comments", "owner",
    "username", "iphone_struct", "carousel_media", "media_type", "image_versions2", "candidates", "url", "is_video",
    "display_url", "location", "name", "__typename", "pinned_for_users", "like_and_view_counts_disabled", "answers", "id",
]  # fmt: skip
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["Post", "GraphSidecar"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@given(VALUES, st.dictionaries(st.sampled_from(KEYS), VALUES))
def test_a_node_of_any_values_gives_a_page_that_can_be_stored(
    value: Any, fields_of_node: dict[str, Any]
) -> None:
    """Each field is a value that can be stored, or null; its page can be written and read again."""
    for node in (node_of(value), node_of({**fields_of_node, "shortcode": "x"})):
        fields = Fields("file.json")
        post = post_of(node.value, shortcode_of(node.value) or "x", fields)
        head_of(node.value, fields)
        thread = comments_of(value, fields)
        assert owner_of(node.value) != ""
        urls = [
            one.url
            for one in pictures_of(node.value, post.kind, SiblingFiles("s", frozenset({"s.jpg", "s_1.mp4"})))
        ]
        assert all(url is None or url.lower().startswith(("http:", "https:")) for url in urls)
        assert all(
            count is None or count >= 0 for count in (post.likes, post.comments, *(c.likes for c in thread))
        )
        assert len(fields.unparsed) == len(fields.problems)
        assert post.posted_at is None or post.posted_at.year <= 2100
        page = Page("u", post.posted_at or EPOCH, "a", None, (post,), None, tuple(fields.problems))
        assert PAGE_JSON.validate_json(PAGE_JSON.dump_json(page)).posts == (post,)
