"""The charts look like the stored pictures of them.

Marks are compared without texts and closely, texts loosely, because fonts differ from machine to machine.
"""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

_spec = importlib.util.spec_from_file_location("chart_pictures", Path(__file__).parent / "chart_pictures.py")
pictures = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(pictures)


@pytest.fixture(scope="module")
def charts() -> dict[str, str]:
    return dict(pictures.charts())


@pytest.mark.slow
def test_charts_look_like_the_stored_pictures(charts):
    """Each chart is near its picture, and none is missing."""
    assert sorted(charts) == sorted(file.stem for file in pictures.STORED.glob("*.png"))
    for name, svg in charts.items():
        assert pictures.is_like(name, svg), f"{name}: see CONTRIBUTING.md, Change how charts look"


def test_another_font_looks_right_too(charts):
    """Letters of another shape and width are no difference."""
    assert pictures.is_like(
        "lift-620", re.sub(r'font-family="[^"]*"', 'font-family="DejaVu Sans"', charts["lift-620"])
    )


@pytest.mark.parametrize("missing", [r"<path[^>]*aria-roledescription=.point.[^>]*/?>", r"<line[^>]*/?>"])
def test_a_missing_mark_is_a_difference(charts, missing):
    """A chart without one of its dots or lines is not the stored one."""
    svg, count = re.subn(missing, "", charts["lift-620-marks"], count=1)
    assert count == 1
    assert not pictures.is_like("lift-620-marks", svg)


def test_missing_texts_are_a_difference(charts):
    """A chart whose texts are not drawn is not the stored one."""
    assert not pictures.is_like("lift-620", charts["lift-620-marks"])
