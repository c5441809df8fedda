"""Vega's drawings by vl-convert 1.9 or 2.0. It imports no Altair, for the process that draws."""

from __future__ import annotations

from typing import Any

import vl_convert


def vega_svg(spec: dict[str, Any], vega_lite: str) -> str:
    """A specification of this version of Vega-Lite as SVG. Vega reads no address and no file that it names."""
    configure = getattr(vl_convert, "configure", None)
    if configure is None:
        return vl_convert.vegalite_to_svg(spec, vl_version=vega_lite, allowed_base_urls=[])
    # 2.0 has this as a setting of the process, and refuses the parameter.
    configure(allowed_base_urls=[], base_url=False)
    return vl_convert.vegalite_to_svg(spec, vl_version=vega_lite)
