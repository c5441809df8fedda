"""The charts: every kind is compiled and rendered, and names in them are only text."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import altair as alt
import polars as pl
import pytest
from PIL import Image

from tasks.report import chart_style
from tasks.report.chart_html import chart_html
from tasks.report.chart_style import COLOURS, NARROW, WIDTH
from tasks.report.charts import SCALE, chart_svg, ranked_chart, ranking_chart, save_chart
from tasks.report.content import Heading
from warehouse.ranking.measures import RUN_BY
from warehouse.ranking.plain_statistics import OPTIONAL, STATISTICS
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank_posts

LABELS = ("hotdog", "golden retriever", "soft-coated wheaten terrier", "Egyptian cat")
KINDS = [
    (by, statistic) for by in RUN_BY for statistic in STATISTICS if not Heading("c", by, statistic).by_lift
]
LIKES = Heading("inception_v3", "likes", "mean")


def shown_files(folder) -> list[Path]:
    """The files of a folder that are not hidden."""
    return [file for file in folder.iterdir() if not file.name.startswith(".")]


@pytest.mark.parametrize("pixels", [WIDTH, NARROW])
@pytest.mark.parametrize(("by", "statistic"), KINDS)
def test_every_measure_and_statistic_has_a_chart(ranking, by, statistic, pixels, texts, check_harmless):
    """Each measure and statistic has a valid chart of the requested width with its labels, title and colour."""
    frame = ranking(LABELS)
    if statistic in OPTIONAL:
        frame = frame.with_columns(pl.col("mean").alias(statistic))
    chart = ranking_chart(frame, Heading("inception_v3", by, statistic), pixels)
    chart.to_dict(validate=True)
    svg = chart_svg(chart)
    root = ElementTree.fromstring(svg)
    assert float(root.attrib["width"]) == pytest.approx(pixels, abs=2)
    assert "hotdog" in texts(svg)
    assert any("inception_v3" in text for text in texts(svg))
    assert COLOURS[by] in svg
    check_harmless(svg)


def test_every_measure_has_its_own_colour():
    """Likes, comments and count have different colours."""
    assert len({COLOURS[by] for by in RUN_BY}) == len(RUN_BY)


def test_bars_show_their_number_and_the_number_of_posts(ranking, texts):
    """A bar has its number with thousands separators, and the row has the number of posts."""
    svg = chart_svg(ranking_chart(ranking(LABELS), Heading("inception_v3", "likes", "total")))
    assert "1,234,567" in texts(svg)
    assert texts(svg).count("n = 42") == len(LABELS)


def test_a_ranking_by_count_shows_the_share_of_posts(ranking, texts):
    """By count the number is that of the posts, so the row shows their share."""
    svg = chart_svg(ranking_chart(ranking(LABELS), Heading("inception_v3", "count", "mean")))
    assert "42" in texts(svg)
    assert texts(svg).count("12%") == len(LABELS)
    assert not any(text.startswith("n =") for text in texts(svg))


def test_bars_have_the_order_of_the_ranking(ranking, texts):
    """The first label of the ranking is on top, independent of the alphabet."""
    labels = ("zebra", "ant", "mole")
    shown = texts(chart_svg(ranking_chart(ranking(labels), LIKES)))
    assert [text for text in shown if text in labels] == list(labels)


@pytest.mark.parametrize("by", RUN_BY)
def test_an_empty_ranking_has_a_chart_that_says_so(ranking, by, texts):
    """A ranking without rows has a chart with the text 'Nothing to rank yet'."""
    chart = ranking_chart(ranking(()), Heading("clarifai", by, "mean", "someone"))
    chart.to_dict(validate=True)
    svg = chart_svg(chart)
    assert "Nothing to rank yet" in texts(svg)
    assert "Account someone" in texts(svg)


def test_an_unknown_number_in_a_chart_is_a_dash(ranking, texts):
    """A null or NaN has a dash and no bar; the other rows have bars."""
    frame = ranking(LABELS[:3]).with_columns(mean=pl.Series([8.25, None, float("nan")]))
    shown = texts(chart_svg(ranking_chart(frame, LIKES)))
    assert "8.25" in shown
    assert shown.count("–") == 2


def test_a_ranking_of_zeros_has_a_chart(ranking, texts):
    """A ranking whose numbers are all 0 is drawn without an error."""
    frame = ranking(LABELS).with_columns(mean=pl.lit(0.0))
    assert "0" in texts(chart_svg(ranking_chart(frame, LIKES)))


@pytest.mark.parametrize("by", RUN_BY)
def test_a_ranking_of_the_warehouse_can_be_drawn(by, texts):
    """A chart takes the frames of `warehouse.ranking.rankings`, also empty ones."""
    row = {"source": "s", "post_id": "1", "label": "cat", "account": "a", "likes": 7, "comments": None}
    known = pl.LazyFrame([row], schema_overrides={"comments": pl.Int64})
    for post_labels, shown in ((known, by != "comments"), (known.clear(), False)):
        chart = ranking_chart(rank_posts(post_labels, RankingQuery("c", by=by)), Heading("c", by, "mean"))
        assert ("cat" in texts(chart_svg(chart))) == shown


@pytest.mark.slow
def test_hostile_names_are_only_text_in_the_svg(ranking, hostile, texts, check_harmless):
    """Markup, control characters, emoji and huge names in labels, account and classifier become text only."""
    for name in hostile:
        svg = chart_svg(ranking_chart(ranking((name, "cat")), Heading(name, "likes", "mean", name)))
        check_harmless(svg)
        assert "\u202e" not in svg
        assert len(svg) < 50_000
    svg = chart_svg(ranking_chart(ranking(hostile), LIKES))
    check_harmless(svg)
    assert "</script><script>alert(1)</script>" in texts(svg)


def test_saving_a_chart_writes_four_files(ranking, tmp_path):
    """The folder has an SVG, a PNG of twice the size, an HTML file, and the valid Vega-Lite specification with its data."""
    folder = tmp_path / "new" / "charts"
    files = save_chart(ranking_chart(ranking(LABELS), LIKES), folder, RankingQuery("inception_v3").stem)
    assert sorted(shown_files(folder)) == sorted([files.svg, files.png, files.html, files.json])
    assert files.svg.name == "inception_v3-likes-mean.svg"
    root = ElementTree.parse(files.svg).getroot()
    with Image.open(files.png) as image:
        image.load()
        assert image.format == "PNG"
        assert image.size == (SCALE * int(root.attrib["width"]), SCALE * int(root.attrib["height"]))
        assert image.convert("RGB").getcolors(1 << 20)
    assert files.html.stat().st_size > 500_000
    assert files.json.name == "inception_v3-likes-mean.vl.json"
    spec = json.loads(files.json.read_text("utf-8"))
    alt.LayerChart.from_dict(spec, validate=True)
    assert [row["label"] for row in spec["datasets"][spec["data"]["name"]]] == list(LABELS)


def test_saving_a_chart_again_replaces_its_files(ranking, tmp_path, texts):
    """A second chart with the same name replaces the first one."""
    save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "chart")
    files = save_chart(ranking_chart(ranking(("daisy",)), LIKES), tmp_path, "chart")
    assert "daisy" in texts(files.svg.read_text())
    assert len(shown_files(tmp_path)) == 4


def test_a_failed_save_leaves_no_temporary_file(ranking, tmp_path):
    """If a file can't be renamed into place, no half-written file remains."""
    (tmp_path / "chart.svg").mkdir()
    with pytest.raises(OSError):
        save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "chart")
    assert [path.name for path in tmp_path.iterdir()] == ["chart.svg"]


@pytest.mark.parametrize("stem", ["", ".", "..", "../up", "a/b", "/etc/x", ".hidden", "nul\0", "name\n"])
def test_a_chart_is_saved_only_under_a_plain_file_name(ranking, tmp_path, stem):
    """A name that could leave the folder is rejected."""
    with pytest.raises(ValueError, match="plain file name"):
        save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, stem)
    assert list(tmp_path.iterdir()) == []


def test_file_stems_are_plain_and_differ(hostile):
    """The charts of each account get a plain file name of their own, for any account name."""
    names = (*hostile, "../up", "a/b", "ab", None)
    stems = [RankingQuery("c", account=name).stem for name in names]
    assert len(set(stems)) == len(stems)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,120}", stem) for stem in stems)


def test_the_html_of_a_chart_needs_no_network(ranking, tmp_path, parse):
    """The HTML contains its JavaScript, has no external reference, and its policy forbids them."""
    page = parse(save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "chart").html.read_text())
    assert not [name for name in ("src", "href", "srcset", "data", "action") if page.attributes(name)]
    (policy,) = [named["content"] for _, named in page.tags if named.get("http-equiv")]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert "url(" not in page.styles
    assert "@import" not in page.styles


def test_the_html_of_a_chart_has_its_title(ranking):
    """The title of the page is that of the chart, in one line."""
    for pixels in (WIDTH, NARROW):
        page = chart_html(
            ranking_chart(ranking(["cat"]), Heading("visual", "likes", "mean"), pixels).to_dict()
        )
        assert "<title>What earns likes: visual, mean per post</title>" in page


def test_only_the_own_scripts_of_a_chart_may_run(ranking, tmp_path, parse):
    """The policy has the hash of each script in the page, and there are exactly two."""
    page = parse(save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "chart").html.read_text())
    data, *programs = page.scripts
    assert data[0]["type"] == "application/json"
    assert len(programs) == 2
    (policy,) = [named["content"] for _, named in page.tags if named.get("http-equiv")]
    for _, program in programs:
        assert base64.b64encode(hashlib.sha256(program.encode()).digest()).decode() in policy


def test_hostile_names_are_only_text_in_the_html(ranking, tmp_path, parse, hostile):
    """No label, account or classifier ends the script with the chart's data, or becomes markup."""
    plain = parse(save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "plain").html.read_text())
    heading = Heading("</title><script>alert(4)</script>", "likes", "mean", "</script><b>\u2028")
    text = save_chart(ranking_chart(ranking(hostile), heading), tmp_path, "hostile").html.read_text()
    page = parse(text)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    spec = json.loads(page.scripts[0][1])
    (rows,) = spec["datasets"].values()
    assert "</script><script>alert(1)</script>" in [row["label"] for row in rows]
    assert not re.search("[<>&'\u2028\u2029]", page.scripts[0][1])


def test_a_ranked_chart_has_both_widths(ranking):
    """It has the wide chart, the chart for phones and the ranking that they show."""
    chart = ranked_chart(ranking(LABELS), LIKES)
    assert chart.narrow_svg is not None
    widths = [float(ElementTree.fromstring(svg).attrib["width"]) for svg in (chart.svg, chart.narrow_svg)]
    assert widths == [WIDTH, NARROW]
    assert chart.ranking["label"].to_list() == list(LABELS)


@pytest.mark.parametrize("pixels", [WIDTH, NARROW])
def test_layers_without_copies_are_those_of_altair(monkeypatch, ranking, pixels):
    """The layers of our charts share no data and parameters, so that Altair's search for them changes nothing."""
    chart = ranking_chart(ranking(LABELS), LIKES, pixels).to_dict()
    monkeypatch.setattr(chart_style, "MarkLayers", alt.LayerChart)
    assert chart == ranking_chart(ranking(LABELS), LIKES, pixels).to_dict()
