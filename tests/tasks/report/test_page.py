"""The page: it shows the report, has no external reference, and shows external text only as text."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest

from tasks.report.charts import ranked_chart
from tasks.report.content import AccountSummary, Example, Heading, RankedChart, Report, Section
from tasks.report.page import POLICY, chart_source, day, minute, render_page, web_address
from tasks.thumbnails import PREFIX

LIKES = Heading("inception_v3", "likes", "mean")
PICTURE = PREFIX + "/9j/4AAQSkZJRg=="
POST = "https://example.org/p/1/?a=1&b=2"
EXAMPLE = Example("hotdog", PICTURE, POST, "Lunch by the pier", 8211, None)
TABLE_END = re.compile(r"\s+")


@pytest.fixture(scope="module")
def svg() -> str:
    """A small drawing in place of a chart."""
    return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


@pytest.fixture
def page(ranking, svg):
    """Render a report with one ranking, with changes to the report or its examples."""

    def render(labels: Sequence[str] = ("hotdog", "cat"), examples: Sequence[Example] = (), **changes) -> str:
        chart = RankedChart(LIKES, ranking(labels), svg, tuple(examples))
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
            sections=(Section("inception_v3", "imagenet-9a0d", (chart,)),),
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
    """Notices and the note have boxes; without them there are no boxes."""
    html = page(notices=("clarifai: no key & no budget",), note="Demo: counts are invented")
    assert "clarifai: no key &amp; no budget" in html
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
    chart = RankedChart(LIKES, frame, svg, (replace(EXAMPLE, likes=None),))
    accounts = (AccountSummary("gallery", "instagram", 0, None),)
    html = page(sections=(Section("c", None, (chart,)),), accounts=accounts)
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
    """A narrow screen shows the chart for phones."""
    chart = ranked_chart(ranking(("hotdog",)), LIKES, [EXAMPLE])
    markup = parse(page(sections=(Section("inception_v3", None, (chart,)),)))
    (source,) = [named for tag, named in markup.tags if tag == "source"]
    assert source == {"media": "(max-width: 600px)", "srcset": chart_source(chart.narrow_svg)}
    check_self_contained(markup)


def test_examples_link_to_their_posts(page, parse):
    """An example shows its picture and counts, and links to its post without a referrer."""
    html = page(examples=[EXAMPLE])
    (link,) = [named for tag, named in parse(html).tags if tag == "a"]
    assert link["href"] == POST
    assert link["rel"] == "noopener noreferrer nofollow"
    assert PICTURE in html
    assert "8,211 likes" in html
    assert "Lunch by the pier" in html


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
    assert "a" not in [tag for tag, _ in markup.tags]
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
    """A page with half an emoji in a caption, as some APIs send it, can be encoded."""
    written = page(examples=[replace(EXAMPLE, caption="half \ud83d of an emoji")]).encode("utf-8")
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
    assert "Nothing to rank yet." in html
    assert "No labels yet." in html
    assert "The numbers" not in html


def test_times_on_the_page_are_utc():
    """A time of another zone is shown in UTC, and a time without a zone is in UTC."""
    assert (
        minute(datetime(2025, 1, 1, 1, 5, tzinfo=timezone(timedelta(hours=2))))
        == "31 December 2024, 23:05 UTC"
    )
    assert day(datetime(2025, 3, 9)) == "9 March 2025"
