"""The colours of charts: told apart by colour-blind people, visible on light and dark pages."""

from __future__ import annotations

import base64
import io
import shutil
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from tasks.report.chart_style import COLOURS, DARK, GREY, GROUND, INK, UNCERTAIN
from tasks.report.charts import chart_svg, ranking_chart
from tasks.report.content import Heading

MARKS = sorted({*COLOURS.values(), UNCERTAIN})
DARK_MARKS = [DARK[colour] for colour in MARKS]
# G. M. Machado et al. 2009, A Physiologically-based Model for Simulation of Color Vision Deficiency, severity 1.0.
SIGHTS = {
    "usual": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour: str) -> np.ndarray:
    """The linear light of an sRGB colour."""
    values = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIELAB of a linear light, for the white D65."""
    ratio = TO_XYZ @ np.clip(light, 0, 1) / np.array([0.95047, 1, 1.08883])
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    dark, bright = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("sight", SIGHTS)
@pytest.mark.parametrize("colours", [MARKS, DARK_MARKS], ids=["light", "dark"])
def test_colour_blind_people_can_tell_the_colours_apart(sight, colours):
    """Any two colours of marks are at least 15 apart in CIELAB, where 2.3 is just noticeable."""
    seen = [lab(SIGHTS[sight] @ linear(colour)) for colour in colours]
    assert min(np.linalg.norm(one - other) for one, other in combinations(seen, 2)) >= 15


def test_marks_and_texts_have_enough_contrast():
    """Marks have at least 3 to their ground and texts 4.5, as WCAG 2 requires, on light and dark pages."""
    assert min(contrast(colour, GROUND) for colour in MARKS) >= 3
    assert min(contrast(colour, DARK[GROUND]) for colour in DARK_MARKS) >= 3
    for text in (INK, GREY):
        assert contrast(text, GROUND) >= 4.5
        assert contrast(DARK[text], DARK[GROUND]) >= 4.5


@pytest.mark.slow
def test_a_chart_in_a_dark_page_is_dark(lifts):
    """In Chromium an SVG in <img> has the dark colours for a reader who prefers them, else the light ones."""
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("Chromium is not installed")
    from playwright.sync_api import sync_playwright

    svg = chart_svg(ranking_chart(lifts(("dog", 1.35, 1.2, 1.52, 0.001)), Heading("visual", "likes", "lift")))
    source = "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()
    page_text = f'<meta name="color-scheme" content="light dark"><body style="margin:0"><img src="{source}">'
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"], timeout=600_000)
        for scheme, ground, mark in (
            ("light", GROUND, COLOURS["likes"]),
            ("dark", DARK[GROUND], DARK[COLOURS["likes"]]),
        ):
            page = browser.new_page(color_scheme=scheme)
            page.set_default_timeout(600_000)
            page.set_content(page_text, wait_until="load")
            picture = Image.open(io.BytesIO(page.locator("img").screenshot())).convert("RGB")
            colours = {"#{:02x}{:02x}{:02x}".format(*colour) for _, colour in picture.getcolors(1 << 20)}
            assert {ground, mark} <= colours
            assert "#{:02x}{:02x}{:02x}".format(*picture.getpixel((2, 2))) == ground
        browser.close()
