"""How fast a gallery's pages become posts, beside a bare lxml loop that reads the same fields from the same pages.

Both parse each page anew and make the same values of it: integers, times in UTC, absolute addresses. The loop is
what someone would write by hand for one site that never changes: it checks nothing and reports no problem. Both
run in turns, for the machine may be shared; the ratio is that of each turn, and its median is printed. Then,
in a process of its own, our reader goes over 100,000 posts, and says how much memory it has used on the way.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from lxml import etree

from tasks.scrape.crawl.site_adapter import CrawlState, Response
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.gallery.profile import load_profile

POSTS_A_PAGE = 24
PAGES = 20
TURNS = 25
MEMORY_AFTER = (1_000, 10_000, 100_000)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
Row = tuple[object, ...]


def imgrum_page(number: int) -> str:
    """A page in imgrum's layout."""
    posts = []
    for post in range(number * POSTS_A_PAGE, (number + 1) * POSTS_A_PAGE):
        at = f"{BEGIN - timedelta(minutes=post):%Y-%m-%d %H:%M:%S}"
        place = '<div class="post-views"><i class="stand_icon icon-eye"></i> <span>Lisbon</span></div>'
        posts.append(f"""<div class="fw_preview_wrapper">
<div class="blogpreview_top"><div class="box_date"><a href="/user/ann/7">{at}</a></div></div>
<div class="pf_output_container image"><a href="/media/{post}_7"><img src="http://cdn.example/p/{
            post
        }.jpg"></a></div>
<article class="contentarea">Caption number {post}, with <a href="/tag/sea">#sea</a> &amp; more</article>
<div class="block_likes">{
            place if post % 3 else ""
        }<div class="post-views"><i class="stand_icon icon-eye"></i> <span>{post % 97}</span></div></div>
<div class="gallery_likes gallery_likes_add "><i class="stand_icon icon-heart-o"></i> <span>{
            post * 7919 % 100_003:,}</span></div>
</div>""")
    return f"""<!DOCTYPE html><html><body><div class="user_info"><h1 class="user_name">ann</h1></div>
<div class="fs_blog_module is_masonry this_is_blog"><div class="blogpost_preview_fw">{"".join(posts)}</div></div>
<ul class="pagerblock type_columns1"><li><a href="/user/ann/7/{number}_7">older</a></li></ul></body></html>"""


def lumen_page(number: int) -> str:
    """A page that brings its posts as JSON."""
    items = [
        {
            "id": post,
            "code": f"c{post}",
            "kind": "photo",
            "taken": int((BEGIN - timedelta(minutes=post)).timestamp()),
            "text": f"Caption number {post}\nand a line",
            "where": {"name": "Lisbon"} if post % 3 else None,
            "hearts": post * 7919 % 100_003,
            "replies": post % 97,
            "pinned": False,
            "media": [{"type": "photo", "url": f"https://cdn.example/p/{post}.jpg"}],
        }
        for post in range(number * POSTS_A_PAGE, (number + 1) * POSTS_A_PAGE)
    ]
    feed = {"items": items, "more": True, "cursor": str(number)}
    state = {"user": {"handle": "ann", "stats": {}}, "feed": feed}
    return f"<html><body><script>window.__LUMEN__ = {json.dumps(state)};</script></body></html>"


BLOCKS = etree.XPath('//div[contains(@class, "blogpost_preview_fw")]/div[@class="fw_preview_wrapper"]')
LINK = etree.XPath('.//div[contains(@class, "pf_output_container")]//a/@href')
PICTURES = etree.XPath('.//div[contains(@class, "pf_output_container")]//img/@src')
DATE = etree.XPath('.//div[@class="box_date"]/a')
CAPTION = etree.XPath('.//article[@class="contentarea"]')
VIEWS = etree.XPath('.//div[@class="post-views"]/span')
LIKES = etree.XPath('.//div[contains(@class, "gallery_likes_add")]/span')
PAGER = etree.XPath('//ul[contains(@class, "pagerblock")]/li/a/@href')
SCRIPT = etree.XPath("//script")


def imgrum_by_hand(text: str, url: str) -> list[Row]:
    """The loop that someone would write for imgrum."""
    page = etree.HTML(text)
    rows: list[Row] = []
    for block in BLOCKS(page):
        link = LINK(block)[0]
        views = VIEWS(block)
        likes = LIKES(block)
        rows.append(
            (
                link.rsplit("/", 1)[1].partition("_")[0],
                urljoin(url, link),
                datetime.strptime(DATE(block)[0].text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC),
                "".join(CAPTION(block)[0].itertext()).strip(),
                views[-2].text if len(views) > 1 else None,
                int(likes[0].text.replace(",", "")) if likes else None,
                int(views[-1].text) if views else None,
                [urljoin(url, picture) for picture in PICTURES(block)],
            )
        )
    rows.append((urljoin(url, PAGER(page)[0]),))
    return rows


def lumen_by_hand(text: str, url: str) -> list[Row]:
    """The loop that someone would write for lumen."""
    script = SCRIPT(etree.HTML(text))[0].text
    feed = json.loads(script[script.index("{") : script.rindex("}") + 1])["feed"]
    rows: list[Row] = [
        (
            str(item["id"]),
            urljoin(url, f"/photo/{item['code']}"),
            datetime.fromtimestamp(item["taken"], UTC),
            item["text"].strip(),
            item["where"]["name"] if item["where"] else None,
            item["hearts"],
            item["replies"],
            [urljoin(url, one["url"]) for one in item["media"] if one["type"] == "photo"],
        )
        for item in feed["items"]
    ]
    rows.append((f"{url}?after={feed['cursor']}",))
    return rows


def ours(adapter: GalleryAdapter, text: str) -> list[Row]:
    """The same rows, from our reader."""
    step = adapter.read(Response(adapter.first_url, text, BEGIN), CrawlState(first=False))
    assert step.page is not None
    assert step.page.problems == ()
    rows: list[Row] = [
        (p.post_id, p.url, p.posted_at, p.caption, p.place, p.likes, p.comments, list(p.pictures))
        for p in step.page.posts
    ]
    rows.append((step.next_urls[0],))
    return rows


def compare(
    profile: str, url: str, make: Callable[[int], str], by_hand: Callable[[str, str], list[Row]]
) -> None:
    """Print pages and posts a second of both, and the ratio."""
    adapter = GalleryAdapter(load_profile(profile), "ann", url)
    pages = [make(number) for number in range(PAGES)]
    for page in pages:
        assert ours(adapter, page) == by_hand(page, url)
    ratios, rates = [], []
    for _ in range(TURNS):
        seconds = [
            _seconds(lambda text: ours(adapter, text), pages),
            _seconds(lambda text: by_hand(text, url), pages),
        ]
        ratios.append(seconds[1] / seconds[0])
        rates.append([len(pages) / one for one in seconds])
    fast = [statistics.median(rate[side] for rate in rates) for side in (0, 1)]
    cells = (fast[0], fast[0] * POSTS_A_PAGE, fast[1], fast[1] * POSTS_A_PAGE)
    print(
        f"{profile:<10}" + "".join(f"{cell:>12,.0f}" for cell in cells) + f"{statistics.median(ratios):>8.2f}"
    )


def _seconds(read: Callable[[str], object], pages: Sequence[str]) -> float:
    begun = time.perf_counter()
    for page in pages:
        read(page)
    return time.perf_counter() - begun


def main() -> None:
    """Print a line for each layout, then the memory."""
    print(f"{'':<10}{'pages/s':>12}{'posts/s':>12}{'by hand p/s':>12}{'posts/s':>12}{'ratio':>8}")
    compare("imgrum", "http://www.imgrum.net/user/ann/7", imgrum_page, imgrum_by_hand)
    compare("lumen", "https://lumen.example/u/ann", lumen_page, lumen_by_hand)
    said = subprocess.run(
        [sys.executable, "-m", "benchmarks.parsing", "memory"], capture_output=True, check=True
    )
    for posts, megabytes in json.loads(said.stdout).items():
        print(f"peak memory after {int(posts):>7,} posts: {megabytes:,.0f} MB")


def _memory() -> None:
    adapter = GalleryAdapter(load_profile("imgrum"), "ann", "http://www.imgrum.net/user/ann/7")
    figures, read, number = {}, 0, 0
    for after in MEMORY_AFTER:
        while read < after:
            read += len(ours(adapter, imgrum_page(number))) - 1
            number += 1
        figures[after] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures))


if __name__ == "__main__":
    _memory() if len(sys.argv) > 1 else main()
