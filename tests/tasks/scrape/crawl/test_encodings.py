"""Pages in each compression that the crawl accepts."""

from __future__ import annotations

import gzip
import sys
import zlib

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCOUNT = "/user/ann/7"
PACKED = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli.compress, "zstd": zstd.compress}


def test_every_accepted_compression_is_unpacked(site, reply, gallery_page, crawl, ids) -> None:
    """Four pages, each with another compression, are read like plain ones."""
    paths = [ACCOUNT, *(f"{ACCOUNT}/{number}_7" for number in (8, 7, 6)), None]
    for number, (encoding, pack) in enumerate(PACKED.items()):
        page = gallery_page([9 - number], paths[number + 1])
        headers = {"Content-Encoding": encoding}
        site.replies[paths[number]] = reply(pack(page.encode()), headers=headers)
    assert ids(crawl(site.account)) == [9, 8, 7, 6]
