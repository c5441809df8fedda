"""Drawing a chart without measuring its texts.

Vega measures each text, for which vl-convert draws every letter of it: most of a chart's time. A chart whose places are
all given needs none of that. So Vega gets a single letter in place of each text, and its SVG gets the texts back.
"""

from __future__ import annotations

import re
from html import escape
from typing import Any

_DRAWN = re.compile(r">([^<>]+)</t(ext|span)>")


def shorten_texts(spec: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """A Vega-Lite specification with a letter for each text of its rows, marks and title; and the texts by their letter."""
    letters: dict[str, str] = {}

    def shorten(text: Any) -> Any:
        if isinstance(text, list):
            return [shorten(line) for line in text]
        return letters.setdefault(text, _letter(len(letters))) if text else text

    encodings = [layer["encoding"].get("text", {}) for layer in spec["layer"]]
    fields = {text["field"] for text in encodings if "field" in text}
    datasets = {
        name: [
            {key: shorten(value) if key in fields else value for key, value in row.items()} for row in rows
        ]
        for name, rows in spec["datasets"].items()
    }
    layers = [
        layer if "value" not in text else _with_text(layer, shorten(text["value"]))
        for layer, text in zip(spec["layer"], encodings, strict=True)
    ]
    title = spec["title"] | {key: shorten(spec["title"][key]) for key in ("text", "subtitle")}
    return spec | {"datasets": datasets, "layer": layers, "title": title}, {
        letter: text for text, letter in letters.items()
    }


def restore_texts(svg: str, texts: dict[str, str]) -> str:
    """The SVG of a shortened specification with its texts."""
    return _DRAWN.sub(lambda drawn: _restored(drawn, texts), svg)


def _restored(drawn: re.Match[str], texts: dict[str, str]) -> str:
    text = texts.get(drawn[1])
    return drawn[0] if text is None else f">{escape(text, quote=False)}</t{drawn[2]}>"


def _with_text(layer: dict[str, Any], text: Any) -> dict[str, Any]:
    return layer | {"encoding": layer["encoding"] | {"text": {"value": text}}}


def _letter(index: int) -> str:
    # Letters that all fonts have, two where one is not enough. No label of an axis consists of these.
    first, second = divmod(index, 26)
    return chr(ord("a") + second) if first == 0 else chr(ord("A") + first - 1) + chr(ord("a") + second)
