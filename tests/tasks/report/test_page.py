"""The page: it shows the report, has no external reference, and shows external text only as text."""

from __future__ import annotations

import base64
import re
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import polars as pl
import pytest
from playwright.sync_api import sync_playwright

from tasks.report.charts import ranked_chart
from tasks.report.content import (
    AccountSummary,
    DataTable,
    Example,
    Heading,
    RankedChart,
    Report,
    Section,
    Strip,
    TopTable,
)
from tasks.report.finding_choice import LabelRow
from tasks.report.findings import describe_row
from tasks.report.page import POLICY, chart_source, day, minute, render_page, web_address
from tasks.thumbnails import PREFIX

LIKES = Heading("inception_v3", "likes", "mean")
PICTURE = PREFIX + "/9j/4AAQSkZJRg=="
POST = "https://example.org/p/1/?a=1&b=2"
EXAMPLE = Example(
    "hotdog", PICTURE, POST, "Lunch by the pier", 8211, None, None, datetime(2025, 3, 9), "best"
)
FINDING = describe_row(
    LabelRow("inception_v3", None, "likes", False, 5, "hotdog", 48, 1.6, 1.3, 2.0, 0.001),
    "the account's usual",
)
TABLE_END = re.compile(r"\s+")


@pytest.fixture(scope="module")
def svg() -> str:
    """A small drawing in place of a chart."""
    return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@pytest.fixture
def page(ranking, svg):
    """Render a report with one ranking, with changes to the report or its examples."""

    def render(labels: Sequence[str] = ("hotdog", "cat"), examples: Sequence[Example] = (), **changes) -> str:
        chart = RankedChart(LIKES, ranking(labels), svg)
        strips = (Strip((labels[0],), "pictures-1-1", tuple(examples)),) if examples else ()
        report = Report(
            title="What earns likes",
            generated_at=datetime(2025, 11, 24, 4, 31, tzinfo=UTC),
            run_id="nightly-7",
            note=None,
            accounts=(AccountSummary("gallery", "instagram", 4120, 232_104_553),),
            posts=4120,
            pictures=5912,
            since=datetime(2016, 1, 5, tzinfo=UTC),
            until=datetime(2025, 11, 23, tzinfo=UTC),
            notices=(),
            sections=(Section("inception_v3", "imagenet-9a0d", (chart,), strips=strips),),
        )
        return render_page(replace(report, **changes))

    return render


def cells(html: str) -> list[list[str]]:
    """The rows of all table bodies, as text."""
    rows = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)
    return [
        [re.sub("<[^>]+>", "", cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)]
        for row in rows
    ]


def check_self_contained(markup) -> None:
    """Check that there is no script, no handler and no external reference; links lead to the page or the web."""
    assert markup.scripts == []
    tags = {tag for tag, _ in markup.tags}
    assert not tags & {"script", "link", "iframe", "object", "embed", "form", "base", "svg", "audio", "video"}
    for _, attributes in markup.tags:
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
    for name in ("src", "srcset"):
        assert all(value.startswith("data:image/") for _, value in markup.attributes(name))
    for tag, value in markup.attributes("href"):
        assert tag == "a"
        assert value.startswith(("#", "https://", "http://"))
    assert "url(" not in markup.styles
    assert "@import" not in markup.styles


def test_the_page_has_no_external_reference(page, parse):
    """The page has no script and no external reference, and its policy forbids both."""
    markup = parse(page(examples=[EXAMPLE], note="demo", notices=("clarifai: no key",)))
    check_self_contained(markup)
    (policy,) = [named["content"] for _, named in markup.tags if named.get("http-equiv")]
    assert policy == POLICY
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")


def test_the_page_shows_accounts_totals_period_and_run(page):
    """Accounts, posts, pictures, period, time and run are on the page."""
    html = page()
    for text in ("instagram", "232,104,553", "4,120", "5,912", "nightly-7", "imagenet-9a0d"):
        assert text in html
    assert "5 January 2016 – 23 November 2025" in html
    assert "24 November 2025, 04:31 UTC" in html


@pytest.mark.parametrize(
    ("since", "until", "text"),
    [
        (None, None, ">–<"),
        (datetime(2016, 1, 5), None, "since 5 January"),
        (None, datetime(2016, 1, 5), "until 5"),
    ],
)
def test_a_period_may_have_open_ends(page, since, until, text):
    """A report without the time of the first or last post shows the other one."""
    assert text in TABLE_END.sub(" ", page(since=since, until=until)).replace("> ", ">").replace(" <", "<")


def test_notices_and_the_note_are_shown_in_boxes(page):
    """Notices are short at the top and complete under Data; without notices and a note there are no boxes."""
    notice = "clarifai: failed. There is no key & no budget. Set CLARIFAI_PAT"
    html = page(notices=(notice,), note="Demo: counts are invented")
    top, _, data = html.partition('id="data"')
    assert "clarifai: failed" in top
    assert "no key" not in top
    assert "There is no key &amp; no budget. Set CLARIFAI_PAT" in data
    assert 'id="notices"' in html
    assert "Demo: counts are invented" in html
    assert 'class="box' not in page()


def test_the_table_below_a_chart_has_its_numbers(page):
    """The table has rank, label, posts, accounts, total, mean and median."""
    rows = cells(page())
    assert ["Rank", "Label", "Posts", "Accounts", "Total", "Mean", "Median"] in rows
    assert ["1", "hotdog", "42", "3", "1,234,567", "29,394", "24,691"] in rows


def test_the_table_of_a_ranking_by_count_has_the_share(ranking, svg, page):
    """By count the table has the share in place of total, mean and median."""
    chart = RankedChart(Heading("inception_v3", "count", "mean"), ranking(("cat",)), svg)
    rows = cells(page(sections=(Section("inception_v3", None, (chart,)),)))
    assert ["Rank", "Label", "Posts", "Accounts", "Share"] in rows
    assert ["1", "cat", "42", "3", "12%"] in rows


def test_a_missing_number_on_the_page_is_a_dash(page, ranking, svg):
    """A null is an en dash everywhere: in tables, with examples, for followers."""
    frame = ranking(("cat",)).with_columns(mean=pl.lit(None, pl.Float64), median=pl.lit(float("nan")))
    chart = RankedChart(LIKES, frame, svg)
    strips = (Strip(("cat",), "pictures-1-1", (replace(EXAMPLE, likes=None),)),)
    accounts = (AccountSummary("gallery", "instagram", 0, None),)
    html = page(sections=(Section("c", None, (chart,), strips=strips),), accounts=accounts)
    assert ["1", "cat", "42", "3", "1,234,567", "–", "–"] in cells(html)
    assert ["instagram", "gallery", "0", "–"] in cells(html)
    assert "<span>– likes</span> <span>– comments</span>" in html


def test_a_chart_is_an_image_with_alternative_text(page, parse, svg):
    """The chart is an image in the page, and its alternative text is the ranking in words."""
    ((attributes),) = [named for tag, named in parse(page()).tags if tag == "img"]
    assert base64.b64decode(attributes["src"].removeprefix("data:image/svg+xml;base64,")).decode() == svg
    assert attributes["alt"].startswith("What earns likes: inception_v3, mean per post. All accounts.")
    assert "1. hotdog 29,394 (42 posts); 2. cat 14,697 (42 posts)" in attributes["alt"]


def test_phones_get_the_narrow_chart(page, parse, ranking):
    """A narrow screen shows the chart for phones; paper does not."""
    chart = ranked_chart(ranking(("hotdog",)), LIKES)
    markup = parse(page(sections=(Section("inception_v3", None, (chart,)),)))
    (source,) = [named for tag, named in markup.tags if tag == "source"]
    assert source == {"media": "screen and (max-width: 600px)", "srcset": chart_source(chart.narrow_svg)}
    check_self_contained(markup)


def test_examples_link_to_their_posts(page, parse):
    """A picture has its place, counts and date, and links to its post without a referrer; its label leads to it."""
    html = page(examples=[EXAMPLE])
    links = [named for tag, named in parse(html).tags if tag == "a"]
    (link,) = [named for named in links if named["href"] == POST]
    assert link["rel"] == "noopener noreferrer nofollow"
    assert PICTURE in html
    text = " ".join(parse(html).text.split())
    assert "best 8,211 likes – comments 9 Mar 2025" in text
    assert [named for named in links if named["href"] == "#pictures-1-1"]
    assert 'id="pictures-1-1"' in html


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "//example.org/x",
        "/relative",
        "",
        "https://",
        'https://example.org/"onmouseover="alert(1)',
        "https://example.org/a b",
    ],
)
def test_only_web_addresses_become_links(page, parse, url):
    """An address that is not http or https is not a link; its picture is still shown."""
    assert web_address(url) is None
    markup = parse(page(examples=[replace(EXAMPLE, post_url=url)]))
    assert all(value.startswith("#") for _, value in markup.attributes("href"))
    assert ("img", PICTURE) in markup.attributes("src")


@pytest.mark.parametrize(
    "thumbnail", [None, "https://example.org/spy.gif", "data:text/html;base64,AAAA", '" onerror="x']
)
def test_only_data_uris_of_thumbnails_are_shown(page, parse, thumbnail):
    """Any other value is replaced by a placeholder."""
    html = page(examples=[replace(EXAMPLE, thumbnail=thumbnail)])
    assert "no picture" in html
    check_self_contained(parse(html))


def test_hostile_texts_are_only_text_on_the_page(page, parse, hostile):
    """Labels, captions, names and messages with markup do not change the page's elements."""

    def tags(word: str) -> list[str]:
        html = page(
            labels=[word],
            examples=[Example(word, PICTURE, POST, f"caption {word}", 1, 2, f"sentence {word}")],
            title=f"title {word}",
            run_id=word,
            note=f"note {word}",
            notices=(word,),
            accounts=(AccountSummary(word, word, 1, 1),),
            findings=(replace(FINDING, opening=f"{word} ", name=word, rest=f" {word}"),),
            data=(DataTable(word, (word,), ((word,),), note=word),),
        )
        html.encode("utf-8")
        markup = parse(html)
        check_self_contained(markup)
        assert not re.search("[\x00-\x08\x0b\u202a-\u202e\u2066-\u2069]", html)
        return [tag for tag, _ in markup.tags]

    plain = tags("plain")
    assert all(tags(word) == plain for word in hostile if word)
    assert "&lt;img src=x onerror=alert(2)&gt;" in page(labels=["<img src=x onerror=alert(2)>"])


def test_a_sentence_is_shown_and_is_the_alternative_text(page, parse):
    """What a model wrote about a picture stands under it and describes it; without it the label does."""
    sentence = 'Two "hot dogs" <b>on</b> a pier.'
    html = page(examples=[replace(EXAMPLE, sentence=sentence), EXAMPLE])
    alternatives = [value for _, value in parse(html).attributes("alt")]
    assert alternatives[1:] == [sentence, "hotdog"]
    assert html.count("Two &#34;hot dogs&#34; &lt;b&gt;on&lt;/b&gt; a pier.") == 2


def test_lone_surrogates_can_be_written(page):
    """A page with half an emoji in a sentence, as some APIs send it, can be encoded."""
    written = page(examples=[replace(EXAMPLE, sentence="half \ud83d of an emoji")]).encode("utf-8")
    assert b"of an emoji" in written


def test_an_empty_report_has_a_page_that_says_so(page, parse):
    """A report without accounts, posts and rankings has a page that says so."""
    html = page(accounts=(), posts=0, pictures=0, since=None, until=None, sections=())
    assert "No rankings yet" in html
    check_self_contained(parse(html))


def test_empty_rankings_and_sections_show_the_reason(page, ranking):
    """A ranking without rows and a classifier without rankings have their reasons on the page."""
    empty = ranked_chart(ranking(()), LIKES)
    empty = replace(empty, why_empty="The likes of all 3 posts are hidden by their owner.")
    unlabelled = Section("clarifai", None, (), "The classifier clarifai could not run: it has no key.")
    html = page(sections=(Section("inception_v3", None, (empty,)), unlabelled))
    assert "The likes of all 3 posts are hidden by their owner." in html
    assert "could not run: it has no key." in html
    assert "<img" not in html
    assert "No labels yet." in html
    assert "The numbers" not in html


def test_findings_are_the_first_section(page, parse):
    """The first section has the sentences, each with its number beside it and the link to its pictures."""
    hint = replace(FINDING, certain=False, opening="A hint, not certain yet: posts that show ")
    html = page(examples=[EXAMPLE], findings=(FINDING, hint))
    text = " ".join(parse(html).text.split())
    assert (
        "×1.6 Posts that show a hotdog get 1.6 times the account's usual likes (1.3 to 2.0; 48 posts). Pictures"
        in text
    )
    assert "A hint, not certain yet: posts that show a hotdog get" in text
    assert html.index('id="findings"') < html.index('id="section-1"') < html.index('id="data"')
    assert 'id="findings"' not in page()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="Chromium is not installed")
def test_the_page_in_a_browser(page, hostile, tmp_path):
    """Nothing runs or loads, the page is as wide as the screen, the first screen has the findings, and links lead to pictures."""
    word = "".join(hostile[:5])
    finding = replace(FINDING, name=word, label=word)
    html = page(
        labels=(word, "cat"), examples=[replace(EXAMPLE, label=word)], findings=(finding,), notices=(word,)
    )
    (tmp_path / "page.html").write_text(html, "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"], timeout=600_000
        )
        for width, scheme in ((1400, "light"), (390, "dark")):
            shown = browser.new_page(viewport={"width": width, "height": 844}, color_scheme=scheme)
            shown.set_default_timeout(600_000)
            requests: list[str] = []
            shown.on("dialog", lambda dialog: pytest.fail(dialog.message))
            shown.on("request", lambda request, to=requests: to.append(request.url))
            shown.goto((tmp_path / "page.html").as_uri())
            assert shown.evaluate("document.documentElement.scrollWidth") == width
            assert shown.locator(".findings li p").bounding_box()["y"] < 844
            light = shown.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(245, 246, 248)"
            assert light == (scheme == "light")
            shown.locator(".findings li a").click()
            assert shown.evaluate("location.hash") == "#pictures-1-1"
            assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
        browser.close()


def test_headings_form_a_tree(page, parse, ranking, svg):
    """No level of a heading is left out, there is one h1, and each link within the page has its place."""
    tables = (TopTable(LIKES, ranking(("hotdog", "cat"))),)
    strips = (Strip(("hotdog",), "pictures-1-1", (EXAMPLE,)),)
    section = Section(
        "inception_v3", None, (RankedChart(LIKES, ranking(("cat",)), svg),), "", (), tables, strips
    )
    data = (DataTable("Sources", ("Source", "Posts"), (("demo", "7"),), frozenset(("Posts",))),)
    markup = parse(page(sections=(section,), findings=(FINDING,), notices=("fetch: failed. x",), data=data))
    levels = [int(tag[1]) for tag, _ in markup.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = [value for _, value in markup.attributes("id")]
    assert len(set(ids)) == len(ids)
    assert {value[1:] for _, value in markup.attributes("href") if value.startswith("#")} <= set(ids)
    assert {"main", "header", "nav", "footer"} <= {tag for tag, _ in markup.tags}


def test_a_small_table_has_numbers_and_bars(page, ranking, svg):
    """The classic top tens have the number, the posts, and a bar whose length is that of the number."""
    tables = (
        TopTable(LIKES, ranking(("hotdog", "cat"))),
        TopTable(Heading("c", "count", "mean"), ranking(("cat",))),
    )
    html = page(sections=(Section("c", None, (), tables=tables),))
    rows = cells(html.replace('<tr class="bar', '<tr><tr class="bar').replace("\n", ""))
    assert ["Label", "Per post", "Posts"] in rows
    assert re.search(
        r'class="bar-20".*?hotdog.*?29,394.*?42.*?class="bar-10".*?cat.*?14,697', html, re.DOTALL
    )
    assert re.search(r"Most posts.*?cat.*?42.*?12%", html, re.DOTALL)


def test_times_on_the_page_are_utc():
    """A time of another zone is shown in UTC, and a time without a zone is in UTC."""
    assert (
        minute(datetime(2025, 1, 1, 1, 5, tzinfo=timezone(timedelta(hours=2))))
        == "31 December 2024, 23:05 UTC"
    )
    assert day(datetime(2025, 3, 9)) == "9 March 2025"
