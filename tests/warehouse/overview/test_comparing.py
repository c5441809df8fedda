"""Comparison of two classifiers: equal names, ranks in both rankings, disagreements and worth."""

from __future__ import annotations

import random

import pytest
from polars.testing import assert_frame_equal

from warehouse.database.publish import publish
from warehouse.overview.comparing import Comparison, compare, compare_all
from warehouse.published import published
from warehouse.schema.picture_tables import LabelGroup


@pytest.fixture(scope="module")
def pair(new_home, post_row, post_picture_row, observation_row, picture_row, label_row, run_row):
    """Four pictures of four posts with labels of two classifiers, `a` and `b`."""
    labels_of = {
        "one": (["tabby, tabby cat", "sofa"], ["Cats", "room"]),
        "two": (["golden_retriever"], ["golden retriever"]),
        "three": (["hot dogs"], ["bus"]),
        "four": (["dress"], ["dresses"]),
    }
    likes = {"one": 100, "two": 50, "three": 10, "four": None}
    home = new_home()
    home.lake.append([post_row(name) for name in labels_of])
    home.lake.append([post_picture_row(name, name) for name in labels_of])
    home.lake.append([observation_row(name, likes[name]) for name in labels_of])
    home.lake.append([picture_row(name) for name in labels_of])
    home.lake.append(
        [
            label_row(name, label, classifier=classifier, rank=rank, score=0.9 / rank)
            for name, both in labels_of.items()
            for classifier, labels in zip("ab", both, strict=True)
            for rank, label in enumerate(labels, start=1)
        ]
    )
    home.lake.append([run_row("a"), run_row("b", stage="tag")])
    publish(home)
    return home


@pytest.fixture
def many_labels(home, post_row, post_picture_row, observation_row, picture_row, label_row, run_row):
    """Sixty posts with up to nine labels of each of three classifiers: some share names, and some scores are equal."""
    draw = random.Random(1)
    words = [
        "cat",
        "Cats",
        "tabby, cat",
        "dog",
        "dogs",
        "sofa",
        "bus",
        "tree",
        "sky",
        "red",
        "blue",
        "car, bus",
    ]
    names = [f"post-{number}" for number in range(60)]
    home.lake.append([post_row(name) for name in names])
    home.lake.append([post_picture_row(name, name) for name in names])
    home.lake.append([observation_row(name, draw.choice([None, 1, 5, 90])) for name in names])
    home.lake.append([picture_row(name) for name in names[:50]])
    home.lake.append(
        [
            label_row(name, label, classifier=classifier, rank=rank, score=draw.choice([0.9, 0.5, 0.4, 0.1]))
            for name in names
            for classifier in "abc"
            for rank, label in enumerate(draw.sample(words, draw.randrange(10)), start=1)
        ]
    )
    home.lake.append([run_row(name) for name in "abc"])
    publish(home)
    return home


def compare_in_sql(home, one, other, by, pictures):
    """The comparison as an analyst gets it from the views and macros."""
    queries = {
        "pairs": """select $one as classifier, $other as other, pictures, agreeing, share, names_in_common
                    from classifier_pairs where (classifier, other) in (($one, $other), ($other, $one))""",
        "labels": """select * from compared_labels($one, other := $other, "by" := $by)""",
        "pictures": "select * from disagreements($one, other := $other, n := $n)",
    }
    values = {"one": one, "other": other, "by": by, "n": pictures}
    with published(home) as database:
        return {
            part: database.sql(query, params={key: values[key] for key in values if f"${key}" in query}).pl()
            for part, query in queries.items()
        }


@pytest.mark.slow
def test_names_are_compared_in_the_singular(home, label_row, run_row):
    """Case, underscores, plurals and lists with commas make no difference; -us and -ss are not plurals."""
    names = {
        "tabby, tabby cat": {"tabby", "tabby cat"},
        "golden_retriever": {"golden retriever"},
        "Cats": {"cat"},
        "dresses": {"dress"},
        "dress": {"dress"},
        "bus": {"bus"},
        "Berries": {"berry"},
        "  Tennis   Balls ,": {"tennis ball"},
    }
    home.lake.append([label_row("x", label, rank=rank) for rank, label in enumerate(names, start=1)])
    home.lake.append([run_row()])
    publish(home)
    with published(home) as database:
        rows = database.execute("select label, name from label_names").fetchall()
    assert sorted(rows) == sorted((label, name) for label, some in names.items() for name in some)


@pytest.mark.slow
def test_the_word_of_a_group_is_a_name_of_its_labels(home, picture_row, label_row, run_row):
    """One classifier's 'tiger cat' matches another's 'cat' through its group."""
    home.lake.append([picture_row("one")])
    home.lake.append(
        [label_row("one", "tiger cat", classifier="a"), label_row("one", "cats", classifier="b")]
    )
    home.lake.append([run_row("a"), run_row("b")])
    publish(home)
    agreeing = "select agreeing from classifier_pairs"
    with published(home) as database:
        assert database.execute(agreeing).fetchall() == [(0,)]
    home.lake.append([LabelGroup(classifier="a", label="tiger cat", label_group="cat")])
    publish(home)
    with published(home) as database:
        assert database.execute(agreeing).fetchall() == [(1,)]


@pytest.mark.slow
def test_a_picture_agrees_if_both_have_a_name_in_common(pair):
    """A picture agrees if any of the first labels have a name in common."""
    (row,) = compare(pair, "a", "b").pairs.to_dicts()
    assert row == {
        "classifier": "a", "other": "b", "pictures": 4, "agreeing": 2, "share": 0.5, "names_in_common": 0.5,
    }  # fmt: skip
    reversed_pair = compare(pair, "b", "a").pairs.to_dicts()[0]
    assert (reversed_pair["classifier"], reversed_pair["pictures"], reversed_pair["agreeing"]) == ("b", 4, 2)


def test_a_name_has_its_rank_in_both_rankings(pair):
    """A name of both classifiers has a rank in each ranking; a name of one has no other rank."""
    rows = {row["name"]: row for row in compare(pair, "a", "b").labels.to_dicts()}
    retriever = rows["golden retriever"]
    assert (retriever["rank"], retriever["other_rank"], retriever["difference"]) == (4, 3, -1)
    assert (retriever["both_pictures"], retriever["share"], retriever["mean"]) == (1, 1.0, 50.0)
    assert (rows["bus"]["rank"], rows["bus"]["other_rank"], rows["bus"]["both_pictures"]) == (None, 4, 0)
    assert "dress" not in rows  # its likes are unknown
    by_count = {row["name"]: row for row in compare(pair, "a", "b", "count").labels.to_dicts()}
    assert by_count["dress"]["difference"] is not None


def test_all_pairs_give_what_each_pair_gives(pair):
    """Comparing all pairs at once has the same frames as one comparison; one classifier has no pair."""
    ((one, other, together),) = compare_all(pair, ("a", "b"))
    alone = compare(pair, "a", "b")
    assert (one, other) == ("a", "b")
    for name in ("pairs", "labels", "pictures", "worth"):
        assert_frame_equal(getattr(together, name), getattr(alone, name))
    assert list(compare_all(pair, ("a",))) == []


@pytest.mark.slow
@pytest.mark.parametrize("by", ["likes", "comments", "count"])
def test_python_and_sql_compare_alike(many_labels, by):
    """All pairs at once, each pair alone and plain SQL agree to the digit.

    Also with equal scores, several labels of one name, more names than count, and pictures that are not stored.
    """
    together = list(compare_all(many_labels, ("c", "a", "b"), by, pictures=7))
    assert [(one, other) for one, other, _ in together] == [("c", "a"), ("c", "b"), ("a", "b")]
    for one, other, comparison in together:
        alone = compare(many_labels, one, other, by, pictures=7)
        in_sql = compare_in_sql(many_labels, one, other, by, pictures=7)
        for part, frame in in_sql.items():
            assert_frame_equal(getattr(comparison, part), frame, check_exact=True)
            assert_frame_equal(getattr(alone, part), frame, check_exact=True)


@pytest.mark.slow
def test_the_largest_disagreements_come_first(pair, sha):
    """Pictures without a name in common come first, and of these the ones with the best scores."""
    rows = compare(pair, "a", "b").pictures.to_dicts()
    assert [row["sha256"] for row in rows[:2]] == sorted([sha("one"), sha("three")])
    assert [row["distance"] for row in rows] == [1.0, 1.0, 0.0, 0.0]
    assert {row["says"]: row["other_says"] for row in rows}["hot dog"] == "bus"
    assert len(compare(pair, "a", "b", pictures=1).pictures) == 1


def test_worth_is_the_part_of_likes_that_labels_explain(
    home, post_row, post_picture_row, observation_row, picture_row, label_row, run_row
):
    """Labels that correlate with likes explain them; many random labels explain nearly nothing."""
    names = [f"p{n}" for n in range(60)]
    home.lake.append([post_row(name) for name in names])
    home.lake.append([post_picture_row(name, name) for name in names])
    home.lake.append([observation_row(name, (n % 2) * 100 + n % 3) for n, name in enumerate(names)])
    home.lake.append([picture_row(name) for name in names])
    home.lake.append(
        [label_row(n, ("dull", "bright")[i % 2], classifier="good") for i, n in enumerate(names)]
    )
    home.lake.append([label_row(n, f"l{i // 6}", classifier="random") for i, n in enumerate(names)])
    home.lake.append([run_row("good"), run_row("random")])
    publish(home)
    comparison = compare(home, "good", "random")
    assert isinstance(comparison, Comparison)
    good, chance = comparison.worth.to_dicts()
    assert good["likes_explained"] > 0.99
    assert chance["likes_explained"] < 0.05
    assert (good["cost"], good["pictures"], good["labels"], chance["labels"]) == (0.0, 60, 2, 10)


@pytest.mark.slow
def test_classifiers_on_different_pictures_have_empty_comparisons(home, label_row, run_row):
    """Two classifiers without a common picture have empty frames, not errors."""
    home.lake.append([label_row("x", "cat", classifier="a"), label_row("y", "cat", classifier="b")])
    home.lake.append([run_row("a"), run_row("b")])
    publish(home)
    comparison = compare(home, "a", "b")
    assert comparison.pairs.is_empty() and comparison.pictures.is_empty()
    assert comparison.worth["likes_explained"].to_list() == [None, None]


def test_worth_counts_each_picture_once_with_its_regions(home, label_row, run_row):
    """A picture counts once, whether its labels are of the complete picture, of regions, or of both."""
    home.lake.append(
        [
            label_row("both", "person", classifier="a", region=0, rank=1),
            label_row("both", "tie", classifier="a", region=0, rank=2),
            label_row("both", "dress", classifier="a", region=1, rank=1),
            label_row("regions", "dress", classifier="a", region=1, rank=1),
            label_row("regions", "dress", classifier="a", region=2, rank=1),
            label_row("whole", "cat", classifier="a", region=0, rank=1),
            label_row("regions", "cat", classifier="b", region=0, rank=1),
        ]
    )
    home.lake.append([run_row("a"), run_row("b")])
    publish(home)
    counts = compare(home, "a", "b").worth.select("classifier", "pictures", "labels").rows()
    assert counts == [("a", 3, 4), ("b", 1, 1)]
