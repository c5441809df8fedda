"""A chart as a separate HTML file with tooltips that works without network access.

Altair's template puts the chart's JSON into a script without escaping, so a label `</script>` ends the script and
the rest becomes markup. Here three measures protect the page independently: the JSON is escaped and is data instead
of code, Vega interprets its expressions instead of compiling them, and the page's policy allows only two scripts, by
their hashes.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from tasks.report.chart_style import DARK, GROUND, dark_style
from warehouse.file_writing import replace_file

TEMPLATES = Path(__file__).parent / "templates"

VEGA_LITE = ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])
"""The Vega-Lite version of Altair, in the form that vl-convert takes."""

# No editor entry in the menu, because it sends the chart to a web site.
_START = """
const spec = JSON.parse(document.getElementById("spec").textContent);
const actions = {export: true, source: false, compiled: false, editor: false};
const options = {mode: "vega-lite", renderer: "svg", ast: true, actions: actions};
vegaEmbed("#chart", spec, options).catch(console.error);
"""

_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&'\u2028\u2029"}


def chart_html(spec: dict[str, Any], scripts: Path | None = None) -> str:
    """The page for a Vega-Lite chart (`chart.to_dict()`), about 0.9 MB with its JavaScript.

    `scripts` is a folder that stores the JavaScript for later processes, because it takes seconds to make.
    """
    library = _library(scripts)
    hashes = " ".join(f"'sha256-{_digest(script)}'" for script in (library, _START))
    template = _environment().get_template("chart.html")
    return template.render(
        title=_title(spec),
        dark=Markup(dark_style()),  # noqa: S704 - ours
        ground=GROUND,
        dark_ground=DARK[GROUND],
        policy=f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:",
        spec=Markup(_json_in_html(spec)),  # noqa: S704 - escaped for HTML by that function
        library=Markup(library),  # noqa: S704 - the package's own
        start=Markup(_START),  # noqa: S704 - ours
    )


def _json_in_html(value: object) -> str:
    # JSON has these characters only inside strings, where the escape has the same meaning.
    return json.dumps(value, ensure_ascii=False, allow_nan=False).translate(_ESCAPES)


def _title(spec: dict[str, Any]) -> str:
    title = spec.get("title", "")
    text = title["text"] if isinstance(title, dict) else title
    return ": ".join(text) if isinstance(text, list) else str(text)


@functools.cache
def _environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)


_bundles: dict[str, str] = {}


def _library(folder: Path | None) -> str:
    """Vega, Vega-Lite and vega-embed in one script. It takes 2 s to make: once, if `folder` can store it."""
    if VEGA_LITE not in _bundles:
        stored = None if folder is None else _read_stored(folder)
        _bundles[VEGA_LITE] = stored or _bundle()
        if folder is not None and stored is None:
            _store(folder, _bundles[VEGA_LITE])
    return _bundles[VEGA_LITE]


def _bundle() -> str:
    script = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    if "</script" in script.lower() or "<!--" in script:
        raise ValueError(
            "The JavaScript from vl-convert contains </script> or <!-- and can't be put into an HTML page."
        )
    # A browser hashes the script after its parser has normalised the line ends.
    return script.replace("\r\n", "\n")


def _stored_file(folder: Path) -> Path:
    return folder / f".vega-lite-{VEGA_LITE}-{version('vl-convert-python')}.js"


def _read_stored(folder: Path) -> str | None:
    """The stored script, if its first line has the hash of the rest: it is complete and has not changed."""
    try:
        text = _stored_file(folder).read_bytes().decode()
    except (FileNotFoundError, UnicodeDecodeError):
        return None
    digest, _, script = text.partition("\n")
    return script if digest == f"// {_digest(script)}" else None


def _store(folder: Path, script: str) -> None:
    replace_file(_stored_file(folder), f"// {_digest(script)}\n{script}")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
