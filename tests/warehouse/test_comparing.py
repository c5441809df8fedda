"""Two classifiers side by side: names that mean the same, places in the rankings, disagreements, worth."""

from __future__ import annotations

import pytest

from warehouse.comparing import Comparison, compare
from warehouse.publish import publish, published
from warehouse.tables import LabelGroup


@pytest.fixture
def pair(home, post, shows, observed, stored, labelled, loaded):
    """Four pictures of four posts with labels of two classifiers, `a` and `b`."""
    says = {
        "one": (["tabby, tabby cat", "sofa"], ["Cats", "room"]),
        "two": (["golden_retriever"], ["golden retriever"]),
        "three": (["hot dogs"], ["bus"]),
        "four": (["dress"], ["dresses"]),
    }
    likes = {"one": 100, "two": 50, "three": 10, "four": None}
    home.lake.append([post(name) for name in says])
    home.lake.append([shows(name, name) for name in says])
    home.lake.append([observed(name, likes[name]) for name in says])
    home.lake.append([stored(name) for name in says])
    home.lake.append(
        [
            labelled(name, label, classifier=classifier, rank=rank, score=0.9 / rank)
            for name, both in says.items()
            for classifier, labels in zip("ab", both, strict=True)
            for rank, label in enumerate(labels, start=1)
        ]
    )
    home.lake.append([loaded("a"), loaded("b", stage="tag")])
    publish(home)
    return home


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("tabby, tabby cat", {"tabby", "tabby cat"}),
        ("golden_retriever", {"golden retriever"}),
        ("Cats", {"cat"}),
        ("dresses", {"dress"}),
        ("dress", {"dress"}),
        ("bus", {"bus"}),
        ("Berries", {"berry"}),
        ("  Tennis   Balls ,", {"tennis ball"}),
    ],
)
def test_names_are_compared_in_the_singular(home, labelled, loaded, label, names):
    """Lower case, underscores, plurals and lists with commas make no difference; -us and -ss are no plurals."""
    home.lake.append([labelled("x", label)])
    home.lake.append([loaded()])
    publish(home)
    with published(home) as database:
        assert {n for (n,) in database.execute("select name from label_names").fetchall()} == names


def test_the_word_of_a_group_is_one_of_its_labels_names(home, stored, labelled, loaded):
    """One classifier's 'tiger cat' and another's 'cat' are the same thing, through the group of the first."""
    home.lake.append([stored("one")])
    home.lake.append([labelled("one", "tiger cat", classifier="a"), labelled("one", "cats", classifier="b")])
    home.lake.append([loaded("a"), loaded("b")])
    publish(home)
    agreeing = "select agreeing from classifier_pairs"
    with published(home) as database:
        assert database.execute(agreeing).fetchall() == [(0,)]
    home.lake.append([LabelGroup(classifier="a", label="tiger cat", label_group="cat")])
    publish(home)
    with published(home) as database:
        assert database.execute(agreeing).fetchall() == [(1,)]


def test_how_often_they_name_the_same(pair):
    """A picture agrees when any of the first labels has a name in common."""
    (row,) = compare(pair, "a", "b").pairs.to_dicts()
    assert row == {
        "classifier": "a", "other": "b", "pictures": 4, "agreeing": 2, "share": 0.5, "names_in_common": 0.5,
    }  # fmt: skip
    turned = compare(pair, "b", "a").pairs.to_dicts()[0]
    assert (turned["classifier"], turned["pictures"], turned["agreeing"]) == ("b", 4, 2)


def test_places_in_both_rankings(pair):
    """A name that both have stands with its place in each; one that only one has has no other place."""
    rows = {row["name"]: row for row in compare(pair, "a", "b").labels.to_dicts()}
    retriever = rows["golden retriever"]
    assert (retriever["rank"], retriever["other_rank"], retriever["difference"]) == (4, 3, -1)
    assert (retriever["both_pictures"], retriever["share"], retriever["mean"]) == (1, 1.0, 50.0)
    assert (rows["bus"]["rank"], rows["bus"]["other_rank"], rows["bus"]["both_pictures"]) == (None, 4, 0)
    assert "dress" not in rows  # its likes are unknown
    by_count = {row["name"]: row for row in compare(pair, "a", "b", "count").labels.to_dicts()}
    assert by_count["dress"]["difference"] is not None


def test_the_pictures_they_disagree_about(pair, sha):
    """Nothing in common comes first, and of those the picture of which both are surest."""
    rows = compare(pair, "a", "b").pictures.to_dicts()
    assert [row["sha256"] for row in rows[:2]] == sorted([sha("one"), sha("three")])
    assert [row["distance"] for row in rows] == [1.0, 1.0, 0.0, 0.0]
    assert {row["says"]: row["other_says"] for row in rows}["hot dog"] == "bus"
    assert len(compare(pair, "a", "b", pictures=1).pictures) == 1


def test_cost_beside_worth(home, post, shows, observed, stored, labelled, loaded):
    """Labels that go with likes explain them; labels at random explain next to nothing, for all their number."""
    names = [f"p{n}" for n in range(60)]
    home.lake.append([post(name) for name in names])
    home.lake.append([shows(name, name) for name in names])
    home.lake.append([observed(name, (n % 2) * 100 + n % 3) for n, name in enumerate(names)])
    home.lake.append([stored(name) for name in names])
    home.lake.append([labelled(n, ("dull", "bright")[i % 2], classifier="good") for i, n in enumerate(names)])
    home.lake.append([labelled(n, f"l{i // 6}", classifier="random") for i, n in enumerate(names)])
    home.lake.append([loaded("good"), loaded("random")])
    publish(home)
    found = compare(home, "good", "random")
    assert isinstance(found, Comparison)
    good, chance = found.worth.to_dicts()
    assert good["likes_explained"] > 0.99
    assert chance["likes_explained"] < 0.05
    assert (good["cost"], good["pictures"], good["labels"], chance["labels"]) == (0.0, 60, 2, 10)


def test_without_labels_in_common_there_is_nothing_to_compare(home, labelled, loaded):
    """Two classifiers on different pictures make empty tables, not errors."""
    home.lake.append([labelled("x", "cat", classifier="a"), labelled("y", "cat", classifier="b")])
    home.lake.append([loaded("a"), loaded("b")])
    publish(home)
    found = compare(home, "a", "b")
    assert found.pairs.is_empty() and found.pictures.is_empty()
    assert found.worth["likes_explained"].to_list() == [None, None]
