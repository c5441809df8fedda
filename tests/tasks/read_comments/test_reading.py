"""What is read from one comment: language, tone, spam, questions, and what it mentions."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tasks.read_comments.reading import Reader
from warehouse.records.comment_readings import CommentText
from warehouse.schema.comment_tables import CommentReading


def read(text: str) -> CommentReading:
    comment = CommentText("s", "p", "c", text, "digest")
    return Reader(lambda name: f"hash of {name}").read(comment, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("What a wonderful evening at the beach", "en"),
        ("Was für ein schöner Abend am Strand", "de"),
        ("とても綺麗な写真ですね", "ja"),
        ("너무 예쁘다 정말 좋아요", "ko"),
        ("какая красивая фотография", "ru"),
        ("صورة جميلة جدا ما شاء الله", "ar"),
        ("wow", None),
        ("😍😍😍", None),
        ("@ann #sunset https://example.com/a", None),
        ("", None),
    ],
)
def test_the_language_is_known_or_absent(text: str, language: str | None) -> None:
    """A sentence has its language; what is too short, or has no words, has none."""
    assert read(text).language == language


@pytest.mark.parametrize(
    ("text", "languages", "language"),
    [
        ("so beautiful", ("en", "de"), "en"),
        ("Was für ein schöner Abend am Strand", ("en", "de"), "de"),
        ("Was für ein schöner Abend am Strand", ("en",), None),
        ("とても綺麗な写真ですね", ("en", "de"), None),
        ("какая красивая фотография, вы где", ("en", "bg"), None),
    ],
)
def test_only_languages_of_the_settings_are_found(
    text: str, languages: tuple[str, ...], language: str | None
) -> None:
    """Short texts are more certain among few languages, and a text in another language is in none of them."""
    comment = CommentText("s", "p", "c", text, "digest")
    reader = Reader(lambda name: name, languages=languages)
    assert reader.read(comment, datetime(2026, 1, 1, tzinfo=UTC)).language == language


@pytest.mark.parametrize(
    ("text", "sign", "by"),
    [
        ("This is so beautiful, I love it!", 1, "vader"),
        ("This is the worst picture I have ever seen", -1, "vader"),
        ("so beautiful", 1, "vader"),
        ("The train to the station leaves in the morning", 0, "vader"),
        ("🔥🔥🔥", 1, "emoji"),
        ("que lindo 😍", 1, "emoji"),
        ("この写真が大好きです 🥰", 1, "emoji"),
        ("Never seen something this beautiful 😍", 1, "vader and emoji"),
        ("🤮", -1, "emoji"),
        ("とても綺麗な写真ですね", None, None),
        ("👍🏽", 1, "emoji"),
        ("🥂🙂🤝", 1, "emoji"),
        ("😮‍💨🙁", -1, "emoji"),
        ("🇩🇪🥐", None, None),
    ],
)
def test_the_tone_is_measured_or_absent(text: str, sign: int | None, by: str | None) -> None:
    """English has VADER, emoji their lexicon, and no tone is invented for other texts."""
    reading = read(text)
    assert reading.tone_by == by
    assert (reading.tone is None) == (sign is None)
    if reading.tone is not None:
        assert -1 <= reading.tone <= 1
        assert (reading.tone > 0) - (reading.tone < 0) == sign


def test_parts_are_stored_once_and_accounts_as_hashes() -> None:
    """Hashtags in lower case, mentions as hashes, emoji with their joined forms; a number is no hashtag."""
    reading = read("#Sunset #sunset #1 by @Ann and @ann. ❤️ ❤️ 👩‍👩‍👧🇩🇪🇫🇷 mail me@example.com &#39;")
    assert reading.hashtags == ("sunset",)
    assert reading.mentions == ("hash of ann",)
    assert reading.emoji == ("❤", "👩‍👩‍👧", "🇩🇪", "🇫🇷")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Get 10k real followers today", "follower_offer"),
        ("DM @photo.world for a feature", "contact"),
        ("Promote it on @best.pictures", "promotion"),
        ("She invested $500 and earned $5000 with bitcoin trading thanks to her", "money"),
        ("Call +1 (202) 555-0147 now", "phone"),
        ("cheap bags at www.bags.example/sale", "address"),
        ("@a1 @b2 @c3 @d4 @e5", "many_mentions"),
    ],
)
def test_each_rule_of_spam_is_named(text: str, rule: str) -> None:
    """A comment that looks like an advertisement has the rule in its row."""
    reading = read(text)
    assert reading.spam and rule in reading.spam_rules


@pytest.mark.parametrize(
    "text",
    [
        "I would love to see your page grow, beautiful work!",
        "We took this on 12.08.2024 at 17:30",
        "My message for you: never stop taking pictures",
        "@ann look at this, just like our trip in 2019",
        "Such good trading of light and shadow",
    ],
)
def test_ordinary_comments_are_no_spam(text: str) -> None:
    """Words that advertisements also use are not enough."""
    assert read(text).spam_rules == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is this?", True),
        ("where is this", True),
        ("which camera did you use", True),
        ("¿Dónde está este lugar?", True),
        ("これはどこですか", True),
        ("Πού είναι αυτό;", True),
        ("ما هذا المكان؟", True),
        ("https://example.com/?a=1", False),
        ("What a view!", False),
        ("?", False),
        ("I know where this is", False),
    ],
)
def test_questions_are_recognised(text: str, expected: bool) -> None:
    """By their mark, or by how they begin or end; an address with a question mark is none."""
    assert read(text).question is expected


def test_hostile_texts_take_linear_time_and_are_cut() -> None:
    """10,000 characters of one kind, HTML, control characters and lone surrogates are read like any text."""
    for text in (
        "a" * 10_000,
        "@a" * 5_000,
        "1 " * 5_000,
        "😍" * 10_000,
        "<script>alert(1)</script>",
        "\x00\u202e",
        "\ud800",
        "#" * 10_000,
    ):
        assert len(read(text).emoji) <= 50
