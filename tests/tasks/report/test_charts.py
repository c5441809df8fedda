"""The charts: every kind is compiled and rendered, and no name can be more than a name in them."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from xml.etree import ElementTree

import polars as pl
import pytest
from PIL import Image

from tasks.report.charts import (
    COLOURS,
    NARROW,
    SCALE,
    WIDTH,
    chart_svg,
    ranked_chart,
    ranking_chart,
    save_chart,
)
from tasks.report.content import Heading
from warehouse.rankings import MEASURES, STATISTICS, Question, rank_posts

LABELS = ("hotdog", "golden retriever", "soft-coated wheaten terrier", "Egyptian cat")
KINDS = [(by, statistic) for by in MEASURES for statistic in STATISTICS]
LIKES = Heading("inception_v3", "likes", "mean")

SVG = "{http://www.w3.org/2000/svg}"
DRAWN = {
    SVG + tag for tag in ("svg", "g", "rect", "path", "line", "text", "tspan", "title", "defs", "clipPath")
}


def texts(svg: str) -> list[str]:
    """All text that an SVG shows."""
    return [said for element in ElementTree.fromstring(svg).iter(SVG + "text") for said in element.itertext()]


def check_harmless(svg: str) -> None:
    """Only drawing elements, no handlers, nothing to load."""
    for element in ElementTree.fromstring(svg).iter():
        assert element.tag in DRAWN
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            assert "href" not in name
            assert "url(http" not in value


@pytest.mark.parametrize("pixels", [WIDTH, NARROW])
@pytest.mark.parametrize(("by", "statistic"), KINDS)
def test_every_kind_is_drawn(ranking, by, statistic, pixels):
    """Each measure and statistic gives a chart of the asked width with its labels, title and colour."""
    svg = chart_svg(ranking_chart(ranking(LABELS), Heading("inception_v3", by, statistic), pixels))
    root = ElementTree.fromstring(svg)
    assert float(root.attrib["width"]) == pytest.approx(pixels, abs=2)
    assert "hotdog" in texts(svg)
    assert any("inception_v3" in text for text in texts(svg))
    assert COLOURS[by] in svg
    check_harmless(svg)


def test_every_measure_has_its_own_colour():
    """Likes, comments and count are told apart by colour."""
    assert len({COLOURS[by] for by in MEASURES}) == len(MEASURES)


def test_bars_say_their_number_and_how_many_posts(ranking):
    """A bar's end has the number with thousands separators, and the row how many posts are behind it."""
    svg = chart_svg(ranking_chart(ranking(LABELS), Heading("inception_v3", "likes", "total")))
    assert "1,234,567" in texts(svg)
    assert texts(svg).count("n = 42") == len(LABELS)


def test_count_shows_the_share_instead(ranking):
    """Ranked by count the number is that of the posts, so the row says their share."""
    svg = chart_svg(ranking_chart(ranking(LABELS), Heading("inception_v3", "count", "mean")))
    assert "42" in texts(svg)
    assert texts(svg).count("12%") == len(LABELS)
    assert not any(text.startswith("n =") for text in texts(svg))


def test_bars_keep_the_order_of_the_ranking(ranking):
    """The first label of the ranking is on top, whatever the alphabet says."""
    labels = ("zebra", "ant", "mole")
    shown = texts(chart_svg(ranking_chart(ranking(labels), LIKES)))
    assert [text for text in shown if text in labels] == list(labels)


def test_labels_that_look_alike_keep_a_bar_each(ranking):
    """Labels that are equal once they are cut are not drawn over each other."""
    alike = ["a label that goes on and on and on " + end for end in ("one", "two", "three")]
    svg = chart_svg(ranking_chart(ranking(alike), LIKES))
    assert svg.count('aria-roledescription="bar"') == 3
    assert sum(text.startswith("a label that goes") and text.endswith("…") for text in texts(svg)) == 3


@pytest.mark.parametrize("by", MEASURES)
def test_empty_ranking_says_so(ranking, by):
    """A ranking without rows gives a chart that says 'Nothing to rank yet', not an error."""
    svg = chart_svg(ranking_chart(ranking(()), Heading("clarifai", by, "mean", "someone")))
    assert "Nothing to rank yet" in texts(svg)
    assert "Account someone" in texts(svg)


def test_unknown_numbers_are_a_dash(ranking):
    """A null or NaN has a dash and no bar, while the others are drawn."""
    frame = ranking(LABELS[:3]).with_columns(mean=pl.Series([8.25, None, float("nan")]))
    shown = texts(chart_svg(ranking_chart(frame, LIKES)))
    assert "8.25" in shown
    assert shown.count("–") == 2 * 2


def test_all_zero_is_drawn(ranking):
    """Posts that nobody liked are a chart of zeros, not an error."""
    frame = ranking(LABELS).with_columns(mean=pl.lit(0.0))
    assert "0" in texts(chart_svg(ranking_chart(frame, LIKES)))


@pytest.mark.parametrize("by", MEASURES)
def test_the_warehouse_s_rankings_fit(by):
    """What `warehouse.rankings` answers is what a chart takes, also when it is empty."""
    row = {"source": "s", "post_id": "1", "label": "cat", "account": "a", "likes": 7, "comments": None}
    known = pl.LazyFrame([row], schema_overrides={"comments": pl.Int64})
    for post_labels, shown in ((known, by != "comments"), (known.clear(), False)):
        chart = ranking_chart(rank_posts(post_labels, Question("c", by=by)), Heading("c", by, "mean"))
        assert ("cat" in texts(chart_svg(chart))) == shown


def test_hostile_names_are_only_text_in_the_svg(ranking, hostile):
    """Markup, control characters, emoji and huge names in labels, account and classifier only make text."""
    for name in hostile:
        svg = chart_svg(ranking_chart(ranking((name, "cat")), Heading(name, "likes", "mean", name)))
        check_harmless(svg)
        assert "\u202e" not in svg
        assert len(svg) < 50_000
    svg = chart_svg(ranking_chart(ranking(hostile), LIKES))
    check_harmless(svg)
    assert "</script><script>alert(1)</script>" in texts(svg)


def test_save_writes_three_files(ranking, tmp_path):
    """SVG, PNG and HTML lie in the folder, the PNG at twice the size, and nothing else does."""
    folder = tmp_path / "new" / "charts"
    files = save_chart(ranking_chart(ranking(LABELS), LIKES), folder, Question("inception_v3").stem)
    assert sorted(folder.iterdir()) == sorted([files.svg, files.png, files.html])
    assert files.svg.name == "inception_v3-likes-mean.svg"
    root = ElementTree.parse(files.svg).getroot()
    with Image.open(files.png) as image:
        image.load()
        assert image.format == "PNG"
        assert image.size == (SCALE * int(root.attrib["width"]), SCALE * int(root.attrib["height"]))
        assert image.convert("RGB").getcolors(1 << 20)
    assert files.html.stat().st_size > 500_000


def test_saving_again_replaces(ranking, tmp_path):
    """A second chart under the same name takes the first one's place."""
    save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "chart")
    files = save_chart(ranking_chart(ranking(("daisy",)), LIKES), tmp_path, "chart")
    assert "daisy" in texts(files.svg.read_text())
    assert len(list(tmp_path.iterdir())) == 3


def test_a_failed_save_leaves_no_litter(ranking, tmp_path):
    """When a file can't be put in its place, no half-written file stays behind."""
    (tmp_path / "chart.svg").mkdir()
    with pytest.raises(OSError):
        save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "chart")
    assert [path.name for path in tmp_path.iterdir()] == ["chart.svg"]


@pytest.mark.parametrize("stem", ["", ".", "..", "../up", "a/b", "/etc/x", ".hidden", "nul\0", "name\n"])
def test_save_takes_plain_names_only(ranking, tmp_path, stem):
    """A name that could leave the folder is refused."""
    with pytest.raises(ValueError, match="plain file name"):
        save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, stem)
    assert list(tmp_path.iterdir()) == []


def test_file_stems_are_plain_and_differ(hostile):
    """Whatever an account is called, its charts get a plain file name of their own."""
    names = (*hostile, "../up", "a/b", "ab", None)
    stems = [Question("c", account=name).stem for name in names]
    assert len(set(stems)) == len(stems)
    assert all(re.fullmatch(r"[A-Za-z0-9_.-]{1,120}", stem) for stem in stems)


def test_html_works_without_a_network(ranking, tmp_path, parse):
    """The HTML has its JavaScript inside, refers to nothing outside, and its policy lets nothing load."""
    page = parse(save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "chart").html.read_text())
    assert not [name for name in ("src", "href", "srcset", "data", "action") if page.attributes(name)]
    (policy,) = [named["content"] for _, named in page.tags if named.get("http-equiv")]
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    assert "url(" not in page.styles
    assert "@import" not in page.styles


def test_html_lets_only_its_own_scripts_run(ranking, tmp_path, parse):
    """The policy names the hash of each script in the page; there are no others, and no handlers."""
    page = parse(save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "chart").html.read_text())
    data, *programs = page.scripts
    assert data[0]["type"] == "application/json"
    assert len(programs) == 2
    (policy,) = [named["content"] for _, named in page.tags if named.get("http-equiv")]
    for _, program in programs:
        assert base64.b64encode(hashlib.sha256(program.encode()).digest()).decode() in policy


def test_hostile_names_are_only_text_in_the_html(ranking, tmp_path, parse, hostile):
    """No label, account or classifier ends the script that holds the chart, or becomes markup."""
    plain = parse(save_chart(ranking_chart(ranking(LABELS), LIKES), tmp_path, "plain").html.read_text())
    heading = Heading("</title><script>alert(4)</script>", "likes", "mean", "</script><b>\u2028")
    text = save_chart(ranking_chart(ranking(hostile), heading), tmp_path, "hostile").html.read_text()
    page = parse(text)
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags]
    spec = json.loads(page.scripts[0][1])
    (rows,) = spec["datasets"].values()
    assert "</script><script>alert(1)</script>" in [row["label"] for row in rows]
    assert not re.search("[<>&'\u2028\u2029]", page.scripts[0][1])


def test_ranked_chart_holds_both_widths(ranking):
    """What the page gets has the wide chart and the one for phones, with the ranking they show."""
    chart = ranked_chart(ranking(LABELS), LIKES)
    assert chart.narrow_svg is not None
    widths = [float(ElementTree.fromstring(svg).attrib["width"]) for svg in (chart.svg, chart.narrow_svg)]
    assert widths == [WIDTH, NARROW]
    assert chart.ranking["label"].to_list() == list(LABELS)
