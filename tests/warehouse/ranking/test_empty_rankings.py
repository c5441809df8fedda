"""The reason of an empty ranking: the first that applies, from the classifier to the question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from warehouse.home import Home
from warehouse.published import published
from warehouse.ranking.empty_rankings import why_empty
from warehouse.ranking.ranking_query import RankingQuery
from warehouse.ranking.rankings import rank


@pytest.fixture
def why(home: Home, publish_changes: Callable[[Home], None]) -> Callable[..., str]:
    """Publish, and return the reason why a ranking of the classifier `model` is empty."""

    def explain(**parameters: Any) -> str:
        publish_changes(home)
        question = RankingQuery("model", **parameters)
        assert rank(home, question).is_empty()
        with published(home) as database:
            return why_empty(database, question)

    return explain


@pytest.fixture
def two_posts(home: Home, post_row, post_picture_row, picture_row, label_row, run_row) -> None:
    """Two posts of ann with a labelled picture each, and no observation."""
    home.lake.append([post_row("1"), post_row("2")])
    home.lake.append([post_picture_row("1", "a"), post_picture_row("2", "b")])
    home.lake.append([picture_row("a"), picture_row("b")])
    home.lake.append([label_row("a", "cat"), label_row("b", "cat")])
    home.lake.append([run_row()])


@pytest.mark.slow
def test_hidden_likes_of_all_posts_are_the_reason(home, two_posts, observation_row, why) -> None:
    """If the owner hides all likes, the reason says so and advises another measure."""
    home.lake.append(
        [observation_row("1", None, likes_hidden=True), observation_row("2", None, likes_hidden=True)]
    )
    assert "likes of all 2 posts are hidden by their owner" in why(by="likes")
    assert "Rank by comments or count" in why(by="likes")


@pytest.mark.slow
def test_posts_without_a_known_number_are_the_reason(home, two_posts, observation_row, why) -> None:
    """The reason has the number of posts without a known number, for likes and for comments."""
    home.lake.append([observation_row("1", None, None, likes_hidden=True), observation_row("2", None, None)])
    assert "None of the 2 posts has a known number of likes (1 have hidden likes)" in why(by="likes")
    assert "None of the 2 posts has a known number of comments. Rank by likes" in why(by="comments")


@pytest.mark.slow
def test_a_minimum_of_posts_that_no_label_has_is_the_reason(home, two_posts, observation_row, why) -> None:
    """The reason names the label with the most posts beside the required number."""
    home.lake.append([observation_row("1", 5), observation_row("2", None)])
    assert "No label has 3 posts with a known number: the most is 2, of 'cat'" in why(by="count", min_posts=3)
    assert "the most is 1, of 'cat'" in why(by="likes", min_posts=2)
    assert "--min-posts" in why(by="likes", min_posts=2)


@pytest.mark.slow
def test_an_unknown_account_or_one_without_labels_is_the_reason(home, two_posts, post_row, why) -> None:
    """An account that is not stored and one without labelled pictures have different reasons."""
    home.lake.append([post_row("3", account="bob")])
    assert "No post of an account 'zoe' is stored. Accounts with posts: ann, bob." in why(account="zoe")
    assert "The account bob has 1 post, but none with a picture that model has labelled" in why(account="bob")


@pytest.mark.slow
def test_a_classifier_that_never_ran_is_the_reason(home, post_row, why) -> None:
    """The reason names the command that runs the classifier."""
    home.lake.append([post_row("1")])
    assert "No run has used the classifier model yet" in why()


def test_the_message_of_a_failed_classifier_is_the_reason(home, post_row, run_row, why) -> None:
    """The reason has the message of the classifier's last run."""
    home.lake.append([post_row("1")])
    home.lake.append([run_row(version=None, status="failed", message="There is no file model.tflite.")])
    assert why() == "The classifier model could not run: There is no file model.tflite."


@pytest.mark.slow
def test_missing_or_unlabelled_pictures_are_the_reason(
    home, post_row, post_picture_row, picture_row, unlabelled_row, run_row, why
) -> None:
    """Without pictures, or with pictures without a label, the reason says so."""
    home.lake.append([post_row("1")])
    home.lake.append([run_row()])
    assert "No picture is stored" in why()
    home.lake.append([post_picture_row("1", "a")])
    home.lake.append([picture_row("a")])
    home.lake.append([unlabelled_row("a", reason="corrupt")])
    assert "No picture got a label of model: corrupt 1" in why()


@pytest.mark.slow
def test_posts_that_are_too_young_for_a_lift_are_the_reason(home, two_posts, observation_row, why) -> None:
    """A lift of posts that were observed on their first day is refused, with their number."""
    home.lake.append([observation_row("1", 5), observation_row("2", 6)])
    assert "0 posts compared; left out: 2 younger than 7 days when last observed" in why(statistic="lift")


@pytest.mark.slow
def test_a_label_that_every_post_has_can_not_be_compared(
    home, two_posts, observation_row, evening, why
) -> None:
    """Where all posts have the label, the reason says that there is nothing to compare them with."""
    later = evening + timedelta(days=30)
    home.lake.append([observation_row(post, 5, observed_at=later) for post in ("1", "2")])
    reason = why(statistic="lift", min_posts=2)
    assert "Of 1 labels with enough posts none can be compared: all posts of the same account" in reason
    assert "No label has 10 posts with a known number" in why(statistic="lift")


@pytest.mark.slow
@pytest.mark.parametrize("statistic", ["mean", "lift"])
def test_only_the_chosen_posts_are_in_the_reason(
    home, labelled_post, store_rows, run_row, why, statistic
) -> None:
    """The label with the most posts is one of the posts that the options choose, and not that of --within."""
    shown = {"1": ["cat", "sky"], "2": ["cat"], "3": ["dog"], "4": ["dog"], "5": ["dog"]}
    posts = [
        row
        for name, labels in shown.items()
        for row in labelled_post(name, labels, int(name), kind="video" if "cat" in labels else "image")
    ]
    store_rows(home, [*posts, run_row()])
    chosen = {"statistic": statistic, "min_posts": 3}
    assert "the most is 2, of 'cat'" in why(kind="video", **chosen)
    assert "the most is 1, of 'sky'" in why(within="cat", **chosen)
    if statistic == "lift":
        assert "No pair of labels has 3 posts" in why(pairs=True, **chosen)
        assert "the most is 3, of 'dog'" in why(adjusted=True, **chosen | {"min_posts": 4})
        assert "all posts of the same account" in why(kind="image", adjusted=True, **chosen)
