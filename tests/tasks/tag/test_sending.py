"""What is sent: which bytes, in which batches, how fast; and boxes in the picture as people see it."""

from __future__ import annotations

import hashlib
import io

import pytest
from PIL import ExifTags, Image

from tasks.tag import batches
from tasks.tag.rate_limiter import RateLimiter


@pytest.mark.slow
def test_every_request_but_the_last_is_full(shop):
    """The size of a batch is the setting's, here the default. Requests in flight arrive in any order."""
    shop.store(300)
    shop.run()
    assert sorted(len(ask.sha256s) for ask in shop.clarifai.requests) == [44, 128, 128]


def test_a_request_never_exceeds_the_limit_of_bytes(shop, monkeypatch):
    """With one more picture it would."""
    monkeypatch.setattr(batches, "MAX_REQUEST_BYTES", 10_000)
    shas = shop.store(40)
    shop.run()
    (biggest,) = shop.rows("select max(bytes) from pictures")[0]
    sizes = [ask.bytes for ask in shop.clarifai.requests]
    assert all(size + 64 * 20 <= 10_000 + 64 * 20 for size in sizes)
    assert all(size + biggest + 64 * 12 > 10_000 for size in sizes[:-1])
    assert shop.labelled() == set(shas)


def test_the_stored_bytes_are_sent(shop, photographs):
    """Photographs are sent unchanged, so that the labels belong to the bytes of the hash."""
    files = sorted(photographs.glob("*.jpg"))[:4]
    shas = {shop.store_file(file) for file in files}
    shop.run()
    assert set(shop.clarifai.requests[0].sha256s) == shas


def test_pictures_are_downscaled_only_with_longest_side(shop, photographs):
    """A larger picture is sent smaller, and its labels belong to the stored picture."""
    sha256 = shop.store_file(photographs / "cat-street.jpg")
    sent = []
    real = shop.clarifai._check
    shop.clarifai._check = lambda request, datas, context: (sent.extend(datas), real(request, datas, context))
    assert shop.run(longest_side=256).status == "done"
    with Image.open(io.BytesIO(sent[0])) as image:
        assert image.format == "JPEG" and max(image.size) == 256
    assert shop.labelled() == {sha256}


def test_a_format_that_clarifai_does_not_accept_is_converted(shop):
    """AVIF is sent as JPEG; PNG, WebP and GIF are sent unchanged."""
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


def test_a_picture_that_can_not_be_sent_costs_nothing(shop, damaged_inside):
    """A broken picture becomes a row, a damaged file makes the lane incomplete; neither is sent."""
    good = shop.store(1)
    damaged = shop.home.folder / "damaged.png"
    damaged.write_bytes(damaged_inside)
    unreadable = shop.store_file(damaged)
    changed = shop.store_picture(Image.new("RGB", (9, 9), "red"))
    (path,) = shop.rows(f"select path from pictures where sha256 = '{changed}'")[0]
    (shop.home.folder / path).write_bytes(b"other bytes")
    result = shop.run()
    assert (result.status, result.items) == ("incomplete", 1)
    assert "1 picture files are missing or damaged" in result.message
    assert shop.rows("select sha256, reason from unlabelled") == [(unreadable, "unreadable")]
    assert [ask.sha256s for ask in shop.clarifai.requests] == [tuple(good)]


def test_a_picture_over_the_size_limit_becomes_a_row_with_advice(shop, monkeypatch):
    """Clarifai's limit is 20 MB; with longest_side such a picture can be sent."""
    monkeypatch.setattr("classifiers.clarifai.payload.MAX_BYTES", 20_000)
    sha256 = shop.store_picture(Image.effect_noise((400, 400), 90).convert("RGB"))
    assert shop.run().status == "done"
    ((reason, message),) = shop.rows("select reason, message from unlabelled")
    assert reason == "too_large" and "longest_side" in message
    shop.home.lake.delete("unlabelled", "sha256", [sha256])
    shop.run(longest_side=100)
    assert shop.labelled() == {sha256}


@pytest.mark.slow
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("upright", [False, True])
def test_boxes_refer_to_the_picture_as_people_see_it(shop, stand_in, orientation, upright):
    """Clarifai's boxes refer to the stored pixels; the stored labels refer to the displayed picture."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    stored = shop.store_picture(Image.effect_noise((64, 48), 80).convert("RGB"), exif=exif)
    shop.run(model="", regions_model=stand_in.REGIONS, upright=upright)
    left, top, right, bottom = stand_in.box_of(shop.clarifai.requests[0].sha256s[0])
    if not (upright and orientation != 1):
        assert shop.clarifai.requests[0].sha256s == (stored,)
        left, top, right, bottom = {
            1: (left, top, right, bottom),
            3: (1 - right, 1 - bottom, 1 - left, 1 - top),
            6: (1 - bottom, left, 1 - top, right),  # rotated clockwise: the left edge becomes the top
            8: (top, 1 - right, bottom, 1 - left),
        }[orientation]
    (box,) = shop.rows("select distinct x0, y0, x1, y1 from labels")
    assert box == pytest.approx((left, top, right, bottom), abs=1e-6)


@pytest.mark.slow
def test_a_run_sends_no_more_requests_than_allowed(shop, monkeypatch):
    """In any second at most 15 requests leave, while responses take longer than the gap between two requests."""
    record, sent = RateLimiter.record_request, []
    monkeypatch.setattr(RateLimiter, "record_request", lambda self: sent.append(record(self)))
    shop.clarifai.seconds = 0.2
    shop.store(20)
    assert shop.run(batch=1, requests_per_second=15).status == "done"
    assert len(sent) == len(shop.clarifai.requests) == 20
    assert all(sum(start <= at < start + 1 for at in sent) <= 15 for start in sent)


def test_the_limiter_allows_no_second_more_than_its_rate():
    """Any second has at most the allowed number of requests, and a pause has none."""
    now = 0.0
    limiter = RateLimiter(15, lambda: now)
    sent = []
    while len(sent) < 60:
        if not (delay := limiter.delay()):
            sent.append(limiter.record_request())
        now += delay or 0.0001
    assert all(sum(start <= at < start + 1 for at in sent) <= 15 for start in sent)
    assert sent[-1] < 60 / 15 * 1.05
    limiter.pause(5)
    assert limiter.is_paused and limiter.delay() == pytest.approx(5)
