"""A page's embedded state: JSON in a script or an attribute, from which a site's own script draws the page."""

from __future__ import annotations

import re
from typing import Any

from pydantic import model_validator

from tasks.scrape.gallery.document import Document, parse, read_json
from tasks.scrape.gallery.selector_types import Part, Place, raw_text


class StatePlace(Place):
    r"""Where the page's JSON stands.

    - the first group of `pattern` begins where the JSON begins, as in `window\.STATE = ({)`; what follows
      the JSON does not matter
    - `several`: all that are found, as one array; JSON-LD often stands in several scripts
    """

    several: bool = False

    @model_validator(mode="after")
    def _has_no_query(self) -> StatePlace:
        if self.query is not None:
            raise ValueError("the state is the whole JSON; the other places look into it with json")
        return self

    def read(self, document: Document) -> Any:
        """The JSON, or None where there is none. Raises `ValueError` where it can't be read.

        An answer that is JSON itself is its own state.
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
            begins = (re.search(self.pattern, text) for text in texts)
            texts = [found.string[found.start(1) :] for found in begins if found is not None]
        return [text for text in texts if text]


def open_page(place: StatePlace | None, text: str) -> Part:
    """The whole page as a part, its state included."""
    document = parse(text)
    data, troubles = None, [document.cut_off] if document.cut_off else []
    if place is not None:
        try:
            data = place.read(document)
        except ValueError as error:
            troubles.append(f"state ({place}): {error}")
    return Part(document.root, data, tuple(troubles), document.base)
