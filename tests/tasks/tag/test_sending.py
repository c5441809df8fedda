"""What is sent: which bytes, in which batches, how fast; and boxes as people see the pictures."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import ExifTags, Image

from tasks.tag import batches
from tasks.tag.rate_limiter import RateLimiter


def test_batches_are_filled(shop):
    """No request but the last has room left."""
    shop.store(300)
    shop.run()
    assert [len(ask.sha256s) for ask in shop.clarifai.asks] == [128, 128, 44]


def test_batches_are_filled_by_bytes_too(shop, monkeypatch):
    """A request never weighs more than the limit, and would with one picture more."""
    monkeypatch.setattr(batches, "REQUEST_BYTES", 10_000)
    shas = shop.store(40)
    shop.run()
    (biggest,) = shop.rows("select max(bytes) from pictures")[0]
    sizes = [ask.bytes for ask in shop.clarifai.asks]
    assert all(size + 64 * 20 <= 10_000 + 64 * 20 for size in sizes)
    assert all(size + biggest + 64 * 12 > 10_000 for size in sizes[:-1])
    assert shop.labelled() == set(shas)


def test_the_stored_bytes_are_sent(shop, photographs):
    """Photographs go as they are, so that what Clarifai sees is what the hash says."""
    files = sorted(photographs.glob("*.jpg"))[:4]
    shas = {shop.store_file(file) for file in files}
    shop.run()
    assert set(shop.clarifai.asks[0].sha256s) == shas


def test_pictures_are_downscaled_only_where_the_settings_say(shop, photographs):
    """With longest_side each larger picture is made smaller, once, and its labels are its own."""
    sha256 = shop.store_file(photographs / "cat-street.jpg")
    sent = []
    real = shop.clarifai._check
    shop.clarifai._check = lambda request, datas, context: (sent.extend(datas), real(request, datas, context))
    assert shop.run(longest_side=256).status == "done"
    with Image.open(io.BytesIO(sent[0])) as image:
        assert image.format == "JPEG" and max(image.size) == 256
    assert shop.labelled() == {sha256}


def test_a_format_that_clarifai_does_not_take_is_converted(shop):
    """AVIF goes as JPEG; PNG, WebP and GIF go as they are."""
    picture = Image.new("RGB", (40, 30), "teal")
    stored = {form: shop.store_picture(picture, form=form) for form in ("AVIF", "PNG", "WEBP", "GIF")}
    sent = []
    shop.clarifai._check = lambda request, datas, context: sent.extend(datas)
    shop.run()
    formats = sorted(Image.open(io.BytesIO(one)).format for one in sent)
    assert formats == ["GIF", "JPEG", "PNG", "WEBP"]
    hashes = {hashlib.sha256(one).hexdigest() for one in sent}
    assert {stored["PNG"], stored["WEBP"], stored["GIF"]} < hashes and stored["AVIF"] not in hashes
    assert shop.labelled() == set(stored.values())


def test_what_can_not_be_sent_is_a_row_and_costs_nothing(shop, damaged_inside):
    """Broken files, damaged files and files too large are told; none of them leaves the machine."""
    good = shop.store(1)
    damaged = shop.home.folder / "damaged.png"
    damaged.write_bytes(damaged_inside)
    unreadable = shop.store_file(damaged)
    changed = shop.store_picture(Image.new("RGB", (9, 9), "red"))
    (path,) = shop.rows(f"select path from pictures where sha256 = '{changed}'")[0]
    (shop.home.folder / path).write_bytes(b"other bytes")
    ended = shop.run()
    assert (ended.status, ended.items) == ("incomplete", 1)
    assert "1 picture files are missing or damaged" in ended.message
    assert shop.rows("select sha256, reason from unlabelled") == [(unreadable, "unreadable")]
    assert [ask.sha256s for ask in shop.clarifai.asks] == [tuple(good)]


def test_a_picture_over_the_limit_says_what_helps(shop, monkeypatch):
    """20 MB are Clarifai's limit; with longest_side such a picture can be sent."""
    monkeypatch.setattr("classifiers.clarifai.payload.MAX_BYTES", 20_000)
    sha256 = shop.store_picture(Image.effect_noise((400, 400), 90).convert("RGB"))
    assert shop.run().status == "done"
    ((reason, message),) = shop.rows("select reason, message from unlabelled")
    assert reason == "too_large" and "longest_side" in message
    shop.home.lake.delete("unlabelled", "sha256", [sha256])
    shop.run(longest_side=100)
    assert shop.labelled() == {sha256}


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("upright", [False, True])
def test_boxes_are_where_people_see_them(shop, stand_in, orientation, upright):
    """Clarifai's boxes refer to the stored pixels; the stored labels refer to the picture as it is shown."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = shop.store_picture(Image.effect_noise((64, 48), 80).convert("RGB"), exif=exif)
    shop.run(model="", regions_model=stand_in.REGIONS, upright=upright)
    left, top, right, bottom = stand_in.box_of(shop.clarifai.asks[0].sha256s[0])
    if not (upright and orientation != 1):
        assert shop.clarifai.asks[0].sha256s == (stored,)
        left, top, right, bottom = {
            1: (left, top, right, bottom),
            3: (1 - right, 1 - bottom, 1 - left, 1 - top),
            6: (1 - bottom, left, 1 - top, right),  # turned clockwise: what was left is at the top
            8: (top, 1 - right, bottom, 1 - left),
        }[orientation]
    (box,) = shop.rows("select distinct x0, y0, x1, y1 from labels")
    assert box == pytest.approx((left, top, right, bottom), abs=1e-6)


def test_the_rate_is_kept(shop):
    """A service that allows 15 requests a second has to throttle none, while requests overlap."""
    shop.clarifai.per_second, shop.clarifai.seconds = 15, 0.2
    shop.store(40)
    assert shop.run(batch=1, requests_per_second=15).status == "done"
    assert (
        shop.clarifai.throttled <= 4
    )  # a busy machine bunches some up; without a pace it would be most of them


def test_a_pace_lets_no_second_have_more():
    """However the clock runs, any second has at most the number of requests that is allowed, and a pause none."""
    now = 0.0
    pace = RateLimiter(15, lambda: now)
    went = []
    while len(went) < 60:
        if not (delay := pace.delay()):
            went.append(pace.go())
        now += delay or 0.0001
    assert all(sum(start <= at < start + 1 for at in went) <= 15 for start in went)
    assert went[-1] < 60 / 15 * 1.05
    pace.hold(5)
    assert pace.held and pace.delay() == pytest.approx(5)
