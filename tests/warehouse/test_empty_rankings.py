"""An empty ranking says why it is empty: the first reason that holds, from the classifier to the question."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from warehouse.empty_rankings import why_empty
from warehouse.home import Home
from warehouse.publish import publish, published
from warehouse.rankings import Question, rank


@pytest.fixture
def why(home: Home) -> Callable[..., str]:
    """Publish, and ask why a ranking of the classifier `model` is empty."""

    def ask(**question: Any) -> str:
        publish(home)
        asked = Question("model", **question)
        assert rank(home, asked).is_empty()
        with published(home) as database:
            return why_empty(database, asked)

    return ask


@pytest.fixture
def two_posts(home: Home, post, shows, stored, labelled, loaded) -> None:
    """Two posts of ann with a labelled picture each, and no observation."""
    home.lake.append([post("1"), post("2")])
    home.lake.append([shows("1", "a"), shows("2", "b")])
    home.lake.append([stored("a"), stored("b")])
    home.lake.append([labelled("a", "cat"), labelled("b", "cat")])
    home.lake.append([loaded()])


def test_all_likes_are_hidden(home, two_posts, observed, why) -> None:
    """Hidden likes are told from likes that no source shows, and from a part of both."""
    home.lake.append([observed("1", None, likes_hidden=True), observed("2", None, likes_hidden=True)])
    assert "likes of all 2 posts are hidden by their owner" in why(by="likes")
    assert "Rank by comments or count" in why(by="likes")


def test_numbers_are_not_known(home, two_posts, observed, why) -> None:
    """Posts without a known number are counted, for likes and for comments."""
    home.lake.append([observed("1", None, None, likes_hidden=True), observed("2", None, None)])
    assert "None of the 2 posts has a known number of likes (1 have hidden likes)" in why(by="likes")
    assert "None of the 2 posts has a known number of comments. Rank by likes" in why(by="comments")


def test_too_few_posts(home, two_posts, observed, why) -> None:
    """The label with the most posts is named beside the number that was wanted."""
    home.lake.append([observed("1", 5), observed("2", None)])
    assert "No label has 3 posts with a known number: the most is 2, of 'cat'" in why(by="count", min_posts=3)
    assert "the most is 1, of 'cat'" in why(by="likes", min_posts=2)
    assert "--min-posts" in why(by="likes", min_posts=2)


def test_an_account_without_posts(home, two_posts, post, why) -> None:
    """An account that is not stored, and one without labelled pictures, are told apart."""
    home.lake.append([post("3", account="bob")])
    assert "No post of an account 'zoe' is stored. Accounts with posts: ann, bob." in why(account="zoe")
    assert "The account bob has 1 post, but none with a picture that model has labelled" in why(account="bob")


def test_a_classifier_that_never_ran(home, post, why) -> None:
    """A classifier without a run is told with what to run."""
    home.lake.append([post("1")])
    assert "No run has used the classifier model yet" in why()


def test_a_classifier_that_failed(home, post, loaded, why) -> None:
    """The message of its last run is the reason."""
    home.lake.append([post("1")])
    home.lake.append([loaded(version=None, status="failed", message="There is no file model.tflite.")])
    assert why() == "The classifier model could not run: There is no file model.tflite."


def test_nothing_could_be_labelled(home, post, shows, stored, unlabelled, loaded, why) -> None:
    """Without pictures, or with pictures that give no label, the reason is theirs."""
    home.lake.append([post("1")])
    home.lake.append([loaded()])
    assert "No picture is stored" in why()
    home.lake.append([shows("1", "a")])
    home.lake.append([stored("a")])
    home.lake.append([unlabelled("a", reason="corrupt")])
    assert "No picture got a label of model: corrupt 1" in why()
