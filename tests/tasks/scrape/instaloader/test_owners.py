"""Whose a post is: posts of several profiles, owners with a number only, and posts of others."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from tasks.errors import BadInput

STAR = {"id": "99", "username": "star"}


def profile(name: str, number: str) -> dict[str, Any]:
    """A Profile's JSON."""
    node = {"id": number, "username": name, "edge_followed_by": {"count": 5}}
    return {"node": node, "instaloader": {"version": "4.15.1", "node_type": "Profile"}}


def accounts(importing, settings) -> dict[str, str]:
    """The account of each post."""
    return {post.post_id: page.account for page in importing.pages(settings) for post in page.posts}


SHARED = {
    "named": {"owner": STAR, "coauthor_producers": [{"id": "7", "username": "Ann"}]},
    "numbers": {"owner": {"id": "99"}, "coauthor_producers": [{"id": "7"}]},
    "logged in": {"owner": STAR, "iphone_struct": {"coauthor_producers": [{"pk": 7, "username": "ann"}]}},
}


@pytest.mark.parametrize("more", SHARED.values(), ids=SHARED)
@pytest.mark.parametrize("settings", [{}, {"account": "ANN"}], ids=["any account", "account"])
def test_a_shared_post_belongs_to_the_folders_profile(importing, download, anonymous, more, settings) -> None:
    """A post of two profiles counts for the one that was downloaded, though the other one is its owner."""
    download.write("ann/ann_7.json.xz", profile("ann", "7"))
    download.post("ann/x", anonymous("shared", **more))
    found = accounts(importing, download.settings(**settings))
    assert {post: account.lower() for post, account in found.items()} == {"shared": "ann"}


def test_a_shared_post_in_its_owners_folder_is_the_owners(importing, download, anonymous) -> None:
    """In the owner's own folder, or in neither profile's, a shared post is its owner's."""
    both = {"owner": STAR, "coauthor_producers": [{"id": "7", "username": "ann"}]}
    download.post("star/x", anonymous("a", **both))
    download.post("saved/y", anonymous("b", **both))
    assert accounts(importing, download.settings()) == {"a": "star", "b": "star"}


def test_an_invited_profile_is_not_a_coauthor(importing, download, anonymous) -> None:
    """A profile that has not accepted is not a coauthor."""
    download.post("x/x", anonymous("a", owner=STAR, invited_coauthor_producers=[{"username": "ann"}]))
    with pytest.raises(BadInput, match=r"no post of the account ann .*Its posts are of star \(1\)"):
        importing.pages(download.settings(account="ann"))


@pytest.mark.parametrize("beside", ["json.xz", "json", "id", "ann_id", "above"])
def test_a_number_is_resolved_by_the_files_around(importing, download, anonymous, beside) -> None:
    """An owner's number has a name if the profile's JSON, or a file with its number, lies beside the post or above."""
    download.post("ann/x", anonymous("a", owner={"id": "7"}))
    if beside in ("id", "ann_id"):
        (download.root / "ann" / beside).write_text("7\n", "utf-8")
    elif beside == "above":
        download.write("ann_7.json.xz", profile("ann", "7"))
    else:
        download.write(f"ann/ann_7.{beside}", profile("ann", "7"))
    download.write("ann/bob_17.json.xz", profile("bob", "17"))
    assert accounts(importing, download.settings()) == {"a": "ann"}
    assert accounts(importing, download.settings(account="ann")) == {"a": "ann"}
    with pytest.raises(BadInput, match=r"no post of the account bob"):
        importing.pages(download.settings(account="bob"))


@pytest.mark.parametrize("value", [{"node": [], "instaloader": {}}, b"{", profile("ann", "8")])
def test_an_unresolved_number_is_reported(importing, download, anonymous, value) -> None:
    """A file with the right name and other contents proves nothing: the post is reported, and stored for nobody."""
    download.post("ann/x", anonymous("a", owner={"id": "7"}))
    download.post("ann/y", anonymous("b"))
    download.write("ann/ann_7.json.xz", value)
    settings = download.settings()
    assert accounts(importing, settings) == {"b": "ann"}
    assert any("ann/x.json.xz does not name its owner" in problem for problem in importing.problems(settings))


def test_skipped_posts_of_other_profiles_are_logged(importing, download, anonymous, caplog) -> None:
    """With `account`, the log has the number of skipped posts of each other profile."""
    for number in range(3):
        download.post(f"mixed/s{number}", anonymous(f"s{number}", owner=STAR))
    download.post("mixed/n", anonymous("n", owner={"id": "55"}))
    download.post("mixed/a", anonymous("a"))
    download.write("mixed/ann_7.json.xz", profile("ann", "7"))
    with caplog.at_level(logging.INFO, logger="tasks"):
        assert accounts(importing, download.settings(account="ann")) == {"a": "ann"}
    assert (
        "4 posts of other profiles than ann were skipped: star (3), the profile with the number 55 (1)"
        in (caplog.text)
    )


def test_a_post_of_another_in_the_accounts_own_folder_is_a_problem(importing, download, anonymous) -> None:
    """Another profile's post among the account's own may be a shared one without saved coauthors: it is reported."""
    download.post("ann/x", anonymous("a", owner=STAR))
    download.post("ann/y", anonymous("b"))
    (problem,) = importing.problems(download.settings(account="ann"))
    assert problem.startswith("ann/x.json.xz is a post of star and does not name ann as a coauthor")
