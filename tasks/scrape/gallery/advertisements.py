"""Telling an advertisement in a list, which has no id by nature, from a post whose id can't be read.

A post that could not be read is a hole in the reading: nothing may be taken for gone then. An advertisement is
not a post, so it is passed over.
"""

from __future__ import annotations

from lxml import etree

from tasks.scrape.gallery.addresses import base_url, same_site
from tasks.scrape.gallery.fields import FieldReader
from tasks.scrape.gallery.selector_types import Part

POST_FIELDS = ("likes", "comments", "posted_at", "hidden", "pinned")
"""What a post has and an advertisement has not."""
_LINKS = etree.XPath("self::a/@href | descendant::a/@href", smart_strings=False)
_EMBEDDED = etree.XPath("boolean(descendant::iframe | descendant::ins | descendant::script)")
_PICTURES = etree.XPath("boolean(descendant::img)")


def is_advertisement(reader: FieldReader, part: Part) -> bool:
    """Whether a part of the list without an id, or without a link, is no post.

    The profile's `post.advertisement` decides where it finds something. Else a part with likes, comments or a
    date is a post; without them it is an advertisement where its links all lead to other sites, where it only
    embeds a frame or a script, or, in JSON, where the profile looks for such a field in every post.
    """
    places = reader.profile.post
    if reader.is_there("post.advertisement", places.advertisement, part):
        return True
    fields = [place for name in POST_FIELDS if (place := getattr(places, name)) is not None]
    if any(reader.has_value(place, part) for place in fields):
        return False
    if part.element is None:
        return bool(fields) and isinstance(part.data, dict) and bool(part.data)
    return _leads_away(reader, part.element)


def _leads_away(reader: FieldReader, element: etree._Element) -> bool:
    links = [link for link in _LINKS(element) if not link.startswith("#")]
    if links:
        base = base_url(reader.url, reader.base)
        return all(same_site(reader.url, base, link) is None for link in links)
    return bool(_EMBEDDED(element)) and not _PICTURES(element)
