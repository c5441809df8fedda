"""The findings: which rows become sentences, and what the sentences state."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers.faces.classifier import CLOSE_UP, COUNT_LABELS, FACE
from classifiers.visual.properties import PROPERTIES
from tasks.report.finding_choice import MAX_FINDINGS, LabelRow, choose_rows, nearest_to_certain
from tasks.report.findings import describe_nearest, describe_row, findings, ratio_in_words
from tasks.report.label_phrases import FACES, PHRASES, VISUAL, name_posts
from tasks.report.lift_wording import MAX_Q
from warehouse.home import Home
from warehouse.ranking.label_overlap import NamedLabel
from warehouse.ranking.ranking_query import RankingQuery

DOG = LabelRow("c", "EfficientNetLite0-1", "likes", False, 5, "dog", 48, 1.6, 1.3, 2.0, 0.001)
USUAL = "the account's usual"


class NoOverlaps:
    """Labels that share no posts, or all: those of `same`."""

    def __init__(self, same: Sequence[str] = ()) -> None:
        self.same = same

    def __call__(self, labels: Sequence[NamedLabel]) -> NoOverlaps:
        """The overlaps of these labels."""
        return self

    def share(self, one: NamedLabel, other: NamedLabel) -> float:
        """1 for two labels of `same`, else 0."""
        return float(one.label in self.same and other.label in self.same)


@st.composite
def label_rows(draw: st.DrawFn) -> LabelRow:
    """A row with a lift inside its interval."""
    low, lift, high = sorted(draw(st.lists(st.floats(0.001, 2000), min_size=3, max_size=3)))
    return LabelRow(
        classifier=draw(st.sampled_from("ab")),
        version=draw(st.sampled_from((None, "visual-2", "faces-1", "themes-1"))),
        measure=draw(st.sampled_from(("likes", "comments"))),
        grouped=False,
        tested=draw(st.integers(0, 500)),
        label=draw(st.sampled_from(("dog", "cat", "light", "theme 3", "<b>", "كلب", ""))),
        posts=draw(st.integers(1, 10_000)),
        lift=lift,
        low=low,
        high=high,
        q=draw(st.none() | st.floats(0, 1)),
    )


# Whether making the rows is fast is a matter of the machine.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(label_rows(), max_size=40))
def test_findings_never_contradict_their_rows(rows):
    """What is certain has q below the limit and an interval without 1; hints have that interval; no sentence twice."""
    chosen = choose_rows(rows, NoOverlaps())
    assert len(chosen) <= MAX_FINDINGS
    assert [row.is_certain for row in chosen] == sorted((row.is_certain for row in chosen), reverse=True)
    sentences = [describe_row(row, USUAL).sentence for row in chosen]
    assert len(set(sentences)) == len(sentences)
    for row, sentence in zip(chosen, sentences, strict=True):
        assert row.low > 1 or row.high < 1
        assert row.is_certain == (row.q is not None and row.q < MAX_Q)
        assert sentence.startswith("A hint, not certain yet: posts" if not row.is_certain else "Posts")
        assert f"{row.posts:,} post" in sentence
    for measure in ("likes", "comments"):
        best = [row for row in rows if row.is_certain and row.measure == measure and row.low > 1]
        if best:
            assert max(row.low for row in best) in [row.low for row in chosen]


@given(st.floats(0.000001, 1e9))
def test_a_ratio_is_shown_as_1_only_if_it_is_1(value):
    """A reader compares bounds with 1, so that rounding must not move them across it."""
    shown = ratio_in_words(value)
    if not shown.startswith(("more", "less")) and abs(value - 1) > 1e-6:
        assert (float(shown) > 1) == (value > 1)
        assert (float(shown) < 1) == (value < 1)
        assert float(shown) == pytest.approx(value, rel=0.06)


def test_the_sentence_has_the_number_the_interval_and_the_posts():
    """A finding reads as a sentence with all that its number rests on."""
    assert describe_row(DOG, USUAL).sentence == (
        "Posts that show a dog get 1.6 times the account's usual likes (1.3 to 2.0; 48 posts)."
    )
    hint = replace(DOG, low=1.02, q=0.2, version="visual-2", label="light", posts=1)
    assert describe_row(hint, "their account's usual").sentence == (
        "A hint, not certain yet: posts with light pictures get 1.6 times their account's usual likes"
        " (1.02 to 2.0; 1 post)."
    )


def test_two_labels_on_the_same_posts_are_one_finding():
    """Of labels that share their posts the stronger one is stated, unless they differ in direction or measure."""
    hound, less = (
        replace(DOG, classifier="d", label="hound", low=1.2),
        replace(DOG, lift=0.5, low=0.4, high=0.8),
    )
    comments = replace(DOG, measure="comments")
    overlaps = NoOverlaps(("dog", "hound"))
    assert choose_rows([hound, DOG, comments, replace(less, label="hound")], overlaps) == [
        DOG,
        replace(less, label="hound"),
        comments,
    ]


@pytest.mark.parametrize(
    ("label", "version", "text"),
    [
        ("umbrella", None, "Posts that show an umbrella"),
        ("unicycle", None, "Posts that show a unicycle"),
        ("food", None, "Posts that show food"),
        ("sunglasses", None, "Posts that show sunglasses"),
        ("travel", "aaa03c23b3724a16", "Posts labelled “travel”"),
        ("theme 3", "themes-1", "Posts of theme 3"),
        ("tripod · moped", "themes-1", "Posts of the theme “tripod · moped”"),
        ("no face", "faces-1", "Posts that show no face"),
        ("group", "clip-1", "Posts labelled “group”"),
        ("", None, "Posts labelled “(no name)”"),
    ],
)
def test_every_label_reads_well(label, version, text):
    """Known words have a grammar of their own, others are quoted."""
    assert str(name_posts(label, version)) == text


def test_every_label_of_our_own_classifiers_has_a_phrase():
    """The tables of phrases have the labels that the classifiers give, no more and no less."""
    sides = {side.label for one in PROPERTIES for side in one.sides}
    assert set(PHRASES[VISUAL]) == sides | {one.otherwise for one in PROPERTIES if one.otherwise}
    assert set(PHRASES[FACES]) == {*COUNT_LABELS, CLOSE_UP, FACE}


def test_more_posts_are_promised_only_where_they_would_do():
    """The number of posts follows from the width of the interval; a lift near 1 has no promise."""
    # exp(±0.4) around 1.2214 = exp(0.2): twice as wide as the distance from 1, so four times the posts.
    row = replace(DOG, lift=1.2214028, low=0.8187308, high=1.8221188, q=0.3, tested=1, posts=20)
    assert row.missing_posts == 60
    assert replace(row, tested=20).missing_posts > 100
    assert nearest_to_certain([replace(row, lift=1.0001)]) is None
    assert describe_nearest(row, USUAL).sentence == (
        "Nothing is certain yet. Posts that show a dog get 1.2 times the account's usual likes (0.82 to 1.8; 20 posts)"
        " so far. About 60 more posts like these would do, if the difference stays."
    )
    assert "No label's posts differ" in describe_nearest(None, USUAL).sentence


@pytest.mark.slow
def test_findings_of_a_warehouse(pet_home: Home):
    """Dogs get more likes than cats: that is found with any statistic; comments are unknown and in no sentence."""
    for statistic in ("lift", "mean"):
        questions = [RankingQuery("c", by, statistic) for by in ("likes", "comments", "count")]
        best, worst = findings(pet_home, questions)
        assert re.fullmatch(
            r"Posts that show a dog get 2\.\d times the account's usual likes \(2\.\d to \d\.\d; 20 posts\)\.",
            best.sentence,
        )
        assert (best.certain, best.label, worst.label) == (True, "dog", "cat")
    assert findings(pet_home, [RankingQuery("unknown")]) == ()


def test_what_is_missing_is_a_finding(pet_home: Home):
    """Where no label has enough posts, the sentence has how many more would do; where no number is known, the reason."""
    (few,) = findings(pet_home, [RankingQuery("c", statistic="lift", min_posts=25)])
    assert few.sentence == (
        "Nothing is certain yet. A label needs 25 posts to be compared, and the most frequent one has 20."
        " About 5 more posts with it would do for a first estimate."
    )
    (unknown,) = findings(pet_home, [RankingQuery("c", "comments", "lift")])
    assert unknown.sentence.startswith(
        "Nothing is certain yet. None of the 40 posts has a known number of comments."
    )
    assert not unknown.certain
