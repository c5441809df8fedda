"""The comparison of two classifiers in the report: its chart is drawn, and names are only text."""

from __future__ import annotations

from xml.etree import ElementTree

import polars as pl
import pytest

from tasks.report.charts import chart_svg
from tasks.report.comparison import MAX_NAMES, comparison_chart

SVG = "{http://www.w3.org/2000/svg}"


def labels(names: list[str]) -> pl.DataFrame:
    """Names with ranks, in opposite orders for the two classifiers."""
    count = len(names)
    return pl.DataFrame(
        {
            "name": names,
            "rank": list(range(1, count + 1)),
            "other_rank": list(range(count, 0, -1)),
            "both_pictures": [5] * count,
        },
        schema={"name": pl.String, "rank": pl.Int64, "other_rank": pl.Int64, "both_pictures": pl.Int64},
    )


def texts_of(frame: pl.DataFrame) -> list[str]:
    """All texts of the chart, which is valid."""
    chart = comparison_chart(frame, "inception_v3", "clarifai")
    chart.to_dict(validate=True)
    root = ElementTree.fromstring(chart_svg(chart))
    return [text for element in root.iter(SVG + "text") for text in element.itertext()]


def test_each_shared_name_has_a_line():
    """Names in both rankings are drawn in the order of the first; a name in one ranking is not."""
    frame = labels(["cat", "dog", "street"])
    alone = pl.DataFrame({"name": ["alone"], "rank": [4], "other_rank": [None], "both_pictures": [9]})
    texts = texts_of(pl.concat([frame, alone.cast(frame.schema)]))
    assert [one for one in texts if one in ("cat", "dog", "street", "alone")] == ["cat", "dog", "street"]
    assert "red: inception_v3  ·  blue: clarifai" in texts


def test_the_number_of_names_is_limited():
    """A chart of a thousand names has the maximum number of lines."""
    texts = texts_of(labels([f"name {n:04}" for n in range(1000)]))
    assert sum(one.startswith("name ") for one in texts) == MAX_NAMES


@pytest.mark.parametrize("count", [0, 1])
def test_a_comparison_with_no_or_one_name_has_a_chart(count):
    """Without a name in common, or with one, the chart is drawn too."""
    texts = texts_of(labels(["cat"][:count]))
    assert ("None yet" in texts) == (count == 0)


def test_hostile_names_are_only_text_in_a_comparison(hostile):
    """Names that an attacker might choose do not end the process and become text only."""
    root = ElementTree.fromstring(chart_svg(comparison_chart(labels(list(hostile)), hostile[0], hostile[1])))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "g", "rect", "path", "line", "text", "tspan", "title", "defs", "clipPath", "style",
    }  # fmt: skip
