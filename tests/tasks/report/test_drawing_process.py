"""Charts that another process draws while the report goes on."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

import pytest

from tasks.report.chart_html import VEGA_LITE
from tasks.report.drawing_process import begin_svg, draw_beside
from tasks.report.vega import vega_svg

SPEC: dict[str, Any] = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"values": [{"label": "Ärger \u2028 猫", "likes": 3}]},
    "mark": "bar",
    "encoding": {"x": {"field": "likes", "type": "quantitative"}, "y": {"field": "label"}},
}


def with_text(text: str) -> dict[str, Any]:
    """A specification with this text as its title."""
    return SPEC | {"title": text}


@pytest.mark.slow
def test_a_chart_that_can_not_be_drawn_fails_alone() -> None:
    """Its error says so. The other charts are as in this process, also where vl-convert 1.9 has ended its process."""
    expected = vega_svg(SPEC, VEGA_LITE)
    with draw_beside():
        first, wrong, ending, last = (
            begin_svg(spec, VEGA_LITE) for spec in (SPEC, SPEC | {"mark": "cloud"}, with_text("\x00"), SPEC)
        )
        assert first() == expected
        with pytest.raises(ValueError, match="Vega-Lite to SVG conversion failed"):
            wrong()
        with pytest.raises(ValueError, match=r"vl-convert ended with status -?\d+|non-XML character"):
            ending()
        assert last() == expected


def test_a_drawing_loads_nothing() -> None:
    """Vega asks no address for data and pictures, whatever a specification names."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/"
        for spec in (
            SPEC | {"data": {"url": f"{address}data.json"}},
            SPEC | {"mark": "image", "encoding": {"url": {"value": f"{address}picture.png"}}},
        ):
            try:
                svg = vega_svg(spec, VEGA_LITE)
            except (ValueError, OSError):
                svg = ""
            with pytest.raises(BlockingIOError):
                server.accept()
            assert "<svg" in svg or not svg


@pytest.mark.slow
def test_the_drawing_process_imports_no_altair_and_ends_with_its_input() -> None:
    """It starts in a tenth of a second, and no process stays behind when the one that reports is killed."""
    script = "import sys, tasks.report.drawing_process; print('altair' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", script], text=True) == "False\n"
    command = [sys.executable, "-m", "tasks.report.drawing_process"]
    job = json.dumps([SPEC, VEGA_LITE])
    answers = subprocess.check_output(command, input=f"{job}\n", text=True)
    assert "<svg" in json.loads(answers)["svg"]
