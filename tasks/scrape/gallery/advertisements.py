"""Distinguish an advertisement in a list, which has no id, from a post whose id can't be read.

An advertisement is skipped. A post that can't be read is a gap: then no missing post counts as gone.
"""

from __future__ import annotations

from lxml import etree

from tasks.scrape.gallery.addresses import base_url, same_site
from tasks.scrape.gallery.fields import FieldReader
from tasks.scrape.gallery.selector_types import Part

POST_KEYS = ("post.likes", "post.comments", "post.posted_at", "post.hidden", "post.pinned")
"""Keys that posts have and advertisements do not."""
_LINKS = etree.XPath("self::a/@href | descendant::a/@href", smart_strings=False)
_EMBEDDED = etree.XPath("boolean(descendant::iframe | descendant::ins | descendant::script)")
_PICTURES = etree.XPath("boolean(descendant::img)")


def is_advertisement(reader: FieldReader, part: Part) -> bool:
    """Whether a part of the list without id or link is an advertisement.

    It is one if the profile's `post.advertisement` matches. Otherwise a part with likes, comments or a date is a
    post. A part without them is an advertisement if all its links lead to other sites, if it only embeds a frame
    or a script, or, in JSON, if the profile has one of these keys.
    """
    if reader.matches("post.advertisement", part):
        return True
    if any(reader.has_value(key, part) for key in POST_KEYS):
        return False
    if part.element is None:
        has_key = any(key in reader.selectors for key in POST_KEYS)
        return has_key and isinstance(part.data, dict) and bool(part.data)
    return _leads_away(reader, part.element)


def _leads_away(reader: FieldReader, element: etree._Element) -> bool:
    links = [link for link in _LINKS(element) if not link.startswith("#")]
    if links:
        base = base_url(reader.url, reader.base)
        return all(same_site(reader.url, base, link) is None for link in links)
    return bool(_EMBEDDED(element)) and not _PICTURES(element)
