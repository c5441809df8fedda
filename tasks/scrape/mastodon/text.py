"""The HTML of a status as plain text, as a person reads it.

Mastodon hides parts of long links; this text has the complete link, because its author wrote it.
"""

from __future__ import annotations

import re
from html import unescape

from lxml import html

from tasks.scrape.values.markup import text_with_lines, without_control_characters

MAX_TAGS = 2000
"""With more tags, nesting may exceed the parser's limit; then tags are removed one by one."""
_TAG = re.compile(r"<[^<>]*>")
_SPACES = re.compile(r"[ \t\r\n\f]+")


def plain_text(markup: str) -> str | None:
    """The text of an HTML fragment, with an empty line between paragraphs; None where there is no text."""
    if markup.count("<") > MAX_TAGS:
        return _SPACES.sub(" ", unescape(_TAG.sub(" ", markup))).strip() or None
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, huge_tree=True)
    document = html.document_fromstring(f"<div>{markup}</div>", parser=parser)
    # A newline of the source is a space: servers write line breaks as tags.
    for text in document.xpath("//text()[not(ancestor::pre)]"):
        setattr(
            text.getparent(),
            "text" if text.is_text else "tail",
            without_control_characters(_SPACES.sub(" ", text)),
        )
    return text_with_lines(document).strip() or None
