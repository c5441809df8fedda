"""What a user would write instead, in a few lines each. It needs a Python with requests and Scrapy.

others.py urllib|requests|scrapy LIST FOLDER
"""

from __future__ import annotations

import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path


def with_urllib(urls: list[str], folder: Path) -> None:
    """One by one, as in the study."""
    for number, url in enumerate(urls):
        with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 - the benchmark's own server
            (folder / f"{number:05}.jpg").write_bytes(response.read())


def with_requests(urls: list[str], folder: Path) -> None:
    """One session and 16 threads."""
    import requests

    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=16))

    def fetch(number: int, url: str) -> None:
        (folder / f"{number:05}.jpg").write_bytes(session.get(url, timeout=30).content)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(fetch, range(len(urls)), urls))


def with_scrapy(urls: list[str], folder: Path) -> None:
    """One item for each address, through the ImagesPipeline."""
    import scrapy
    from scrapy.crawler import CrawlerProcess

    class Pictures(scrapy.Spider):
        name = "pictures"

        async def start(self):  # noqa: ANN202
            for url in urls:
                yield {"image_urls": [url]}

    process = CrawlerProcess(
        {
            "ITEM_PIPELINES": {"scrapy.pipelines.images.ImagesPipeline": 1},
            "IMAGES_STORE": str(folder / "images"),
            "CONCURRENT_REQUESTS": 32,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
            "CONCURRENT_ITEMS": 2000,
            "DOWNLOAD_DELAY": 0,
            "ROBOTSTXT_OBEY": False,
            "LOG_LEVEL": "ERROR",
        }
    )
    process.crawl(Pictures)
    process.start()


if __name__ == "__main__":
    which, listed, where = sys.argv[1:]
    addresses = Path(listed).read_text("utf-8").split()[1:]
    {"urllib": with_urllib, "requests": with_requests, "scrapy": with_scrapy}[which](addresses, Path(where))
