"""Two classifiers side by side in the report: the chart is drawn, names are only names."""

from __future__ import annotations

from xml.etree import ElementTree

import polars as pl
import pytest

from tasks.report.charts import chart_svg
from tasks.report.comparison import MAX_NAMES, comparison_chart

SVG = "{http://www.w3.org/2000/svg}"


def labels(names: list[str]) -> pl.DataFrame:
    """Names with their places, the first the best of the one and the last of the other."""
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


def drawn(frame: pl.DataFrame) -> list[str]:
    """All text of the chart."""
    root = ElementTree.fromstring(chart_svg(comparison_chart(frame, "inception_v3", "clarifai")))
    return [said for element in root.iter(SVG + "text") for said in element.itertext()]


def test_each_shared_name_has_its_line():
    """Names that both rank are there, the best of the first on top; one that only one ranks is not."""
    frame = labels(["cat", "dog", "street"])
    alone = pl.DataFrame({"name": ["alone"], "rank": [4], "other_rank": [None], "both_pictures": [9]})
    said = drawn(pl.concat([frame, alone.cast(frame.schema)]))
    assert [one for one in said if one in ("cat", "dog", "street", "alone")] == ["cat", "dog", "street"]
    assert "red: inception_v3  ·  blue: clarifai" in said


def test_only_so_many_names_are_drawn():
    """A thousand names make a chart of the usual size."""
    said = drawn(labels([f"name {n:04}" for n in range(1000)]))
    assert sum(one.startswith("name ") for one in said) == MAX_NAMES


@pytest.mark.parametrize("count", [0, 1])
def test_little_is_drawn_too(count):
    """Without a name in common, or with one, there is a chart all the same."""
    said = drawn(labels(["cat"][:count]))
    assert ("None yet" in said) == (count == 0)


def test_hostile_names_stay_names(hostile):
    """Names as an attacker would choose them end no process and draw nothing but text."""
    root = ElementTree.fromstring(chart_svg(comparison_chart(labels(list(hostile)), hostile[0], hostile[1])))
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "g", "rect", "path", "line", "text", "tspan", "title", "defs", "clipPath",
    }  # fmt: skip
