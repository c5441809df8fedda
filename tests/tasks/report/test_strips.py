"""The strips of pictures behind labels: which pictures are chosen."""

from __future__ import annotations

from datetime import UTC, datetime

from tasks.report.strips import MAX_CANDIDATES, choose_pictures
from warehouse.overview.label_pictures import PlacedPicture

WHEN = datetime(2026, 5, 1, tzinfo=UTC)


def pictures(label: str, first: int, count: int) -> list[PlacedPicture]:
    """`count` pictures of posts with the numbers from `first` on, best first; the first one has the most likes."""
    middle = sorted(range(count), key=lambda place: abs(place - (count - 1) / 2))
    return [
        PlacedPicture(
            label,
            place + 1,
            middle.index(place) + 1,
            count - place,
            f"{first + place:064x}",
            "picture.png",
            "s",
            f"{first + place}",
            "http://x.org",
            WHEN,
            1000 - place,
            None,
        )
        for place in range(count)
    ]


def shown(strips: dict, label: str) -> list[tuple[str, str]]:
    """Place and post of each picture of a strip."""
    return [(one.place, one.picture.post_id) for one in strips[label]]


def test_a_strip_has_the_best_typical_and_worst_pictures():
    """Of eleven pictures they are the first two, the middle one and the last two, in this order."""
    strips = choose_pictures({"dog": pictures("dog", 0, 11)})
    assert shown(strips, "dog") == [
        ("best", "0"),
        ("2nd best", "1"),
        ("typical", "5"),
        ("2nd worst", "9"),
        ("worst", "10"),
    ]


def test_a_post_is_shown_under_one_label_where_the_others_have_more():
    """Three labels of the same posts show different ones; a label with no other pictures repeats them."""
    labels = {name: pictures(name, 0, 15) for name in ("dog", "hound", "pet")}
    few = {name: pictures(name, 0, 2) for name in ("cat", "kitten")}
    strips = choose_pictures(labels)
    posts = [post for name in labels for _, post in shown(strips, name)]
    assert len(posts) == len(set(posts)) == 15
    assert ("3rd best", "2") in shown(strips, "hound")
    strips = choose_pictures(few)
    assert shown(strips, "cat") == shown(strips, "kitten") == [("best", "0"), ("worst", "1")]


def test_a_carousel_is_shown_once_in_a_strip():
    """Of several pictures of one post a strip has one."""
    carousel = [
        PlacedPicture(
            "dog", place, place, MAX_CANDIDATES - place, f"{place:064x}", "p", "s", "1", "", None, 5, 5
        )
        for place in (1, 2, 3)
    ]
    assert shown(choose_pictures({"dog": carousel}), "dog") == [("best", "1")]
