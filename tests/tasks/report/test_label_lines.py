"""Names of rows: complete, on as many lines as they need."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.report.chart_style import FONT, OTHER_SCRIPTS_FONT
from tasks.report.label_lines import MAX_CHARACTERS, NO_NAME, font_of, full_name, label_lines
from tasks.report.names import width

FAMILY = "👩\u200d👩\u200d👧\u200d👦"


def test_a_name_of_a_hundred_characters_is_complete():
    """All its words are on lines that fit; none is shortened."""
    name = (
        "soft-coated wheaten terrier, Bedlington terrier or one of many other curly dogs with very long ears"
    )
    lines = label_lines(full_name(name), 15)
    assert " ".join(lines) == name
    assert all(width(line) <= 15 for line in lines)


@pytest.mark.parametrize("part", [FAMILY, "🇩🇪", "👍🏽", "e\u0301", "क्षि"])
def test_what_a_reader_sees_as_one_character_is_not_divided(part):
    """A line does not end within an emoji of several parts, a flag, or between a letter and its accent."""
    lines = label_lines(full_name(part * 12), 6)
    assert len(lines) > 1
    assert "".join(lines) == part * 12
    assert all(not line.startswith("\u200d") for line in lines)
    assert all(unicodedata.category(line[0]) not in ("Mn", "Mc") for line in lines)
    assert all(len(line) % (len(FAMILY) if part == FAMILY else 1) == 0 for line in lines)


def test_a_name_that_begins_in_arabic_or_hebrew_reads_from_the_right():
    """Its lines have marks of their direction, also where a bracket or a Latin word is in it; other names have none."""
    assert label_lines("(مرحبا) ABC!", 30) == ["\u2067(مرحبا) ABC!\u2069"]
    assert label_lines("ABC (مرحبا)", 30) == ["ABC (مرحبا)"]


def test_a_huge_name_ends_in_an_ellipsis_and_an_empty_one_says_so():
    """Longer names are hostile; a row without a name has words in its place."""
    assert full_name("x" * 200_000) == "x" * MAX_CHARACTERS + "…"
    assert full_name("e" + "\u200d" * 5000).endswith("…")
    assert full_name(" \n") == NO_NAME


def test_names_in_other_scripts_have_other_fonts():
    """Helvetica and Arial have Latin, Greek and Cyrillic letters; other fonts are named for the rest."""
    assert font_of("Straße, Ελλάδα, Москва") == FONT
    assert {font_of(name) for name in ("日本語", "مرحبا", "😀", "e\u0301")} == {OTHER_SCRIPTS_FONT}


@pytest.mark.slow
@given(st.text(max_size=300), st.floats(3, 40))
def test_any_name_fits_and_loses_nothing(label, ems):
    """For any name the lines fit, if a single character does, and together they are the name."""
    name = full_name(label)
    lines = [line.strip("\u2067\u2069") for line in label_lines(name, ems)]
    assert "".join(lines).replace(" ", "") == name.replace(" ", "")
    assert all(width(line) <= ems or len(line) <= 16 for line in lines)
