"""The JSON in a page's script or attribute, from which the site's own script draws the page."""

from __future__ import annotations

import re
from typing import Any

from pydantic import model_validator

from tasks.scrape.gallery.document import Document, parse, read_json
from tasks.scrape.gallery.selector_types import Part, Selector, raw_text


class EmbeddedJsonSelector(Selector):
    r"""Where the page's JSON is.

    - The JSON begins where the first group of `pattern` begins, as in `window\.STATE = ({)`. Text after the
      JSON is ignored.
    - `several`: read all matches as one array. JSON-LD is often split over several scripts.
    """

    several: bool = False

    @model_validator(mode="after")
    def _check_no_query(self) -> EmbeddedJsonSelector:
        if self.query is not None:
            raise ValueError("json is not allowed here: [state] selects the complete JSON")
        return self

    def read(self, document: Document) -> Any:
        """Return the JSON, or None if there is none. Raises `ValueError` if it is invalid.

        A response that is JSON itself is returned as it is.
        """
        if document.is_json:
            return read_json(document.text)
        read, error = [], None
        for text in self._texts(document):
            try:
                data = read_json(text)
                # JSON in quotes, as `JSON.parse("…")` takes it.
                read.append(read_json(data) if isinstance(data, str) else data)
            except ValueError as why:
                error = why
            if read and not self.several:
                return read[0]
        if error is not None and not read:
            raise error
        return read or None

    def _texts(self, document: Document) -> list[str]:
        texts = [raw_text(found, self.attribute).strip() for found in self.find(Part(document.root))]
        if self.pattern is not None:
            matches = (re.search(self.pattern, text) for text in texts)
            texts = [match.string[match.start(1) :] for match in matches if match is not None]
        return [text for text in texts if text]


def open_page(selector: EmbeddedJsonSelector | None, text: str) -> Part:
    """Parse a page, with its embedded JSON if `selector` is given."""
    document = parse(text)
    data, troubles = None, [document.cut_off] if document.cut_off else []
    if selector is not None:
        try:
            data = selector.read(document)
        except ValueError as error:
            troubles.append(f"state ({selector}): {error}")
    return Part(document.root, data, tuple(troubles), document.base)
