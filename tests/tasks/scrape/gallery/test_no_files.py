"""A gallery's page can't make likelens read a local file, even one that other sources may read."""

from __future__ import annotations

from tasks.fetch.download import FetchOptions
from tasks.fetch.stage import fetch_pictures
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.politeness import Politeness

ACCOUNT = "/user/ann/7"


def test_a_file_address_on_a_page_is_not_stored(importing, site, reply, gallery_page) -> None:
    """A file address is a problem and is not stored, so the fetch stage reads nothing from an allowed folder."""
    secret = importing.folder / "secret.jpg"
    secret.write_bytes(b"\xff\xd8\xff")
    page = gallery_page([9, 8], None, "2").replace("/p/9.jpg", secret.as_uri())
    site.replies[ACCOUNT] = reply(page)
    settings = GallerySettings(name="g", kind="gallery", profile="imgrum", url=site.account)
    result = importing.run(settings, politeness=Politeness(0))
    assert "is not a web address" in result.message
    assert importing.rows("select post_id from post_pictures") == [("8",)]
    fetch_pictures(importing.home, FetchOptions(folders=(importing.folder,)), lambda *_: None)
    assert importing.rows("select count(*) from pictures") == [(0,)]
