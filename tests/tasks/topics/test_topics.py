"""The stage find_topics over a lake: known topics are found, last from night to night, and name nobody."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from tasks.read_comments.stage import read_comments
from tasks.topics.stage import find_topics
from tests.tasks.topics.invented import comment, post_row, store
from warehouse.database.publish import publish
from warehouse.home import Home
from warehouse.published import published
from warehouse.records.runs import StageResult
from warehouse.upkeep.forgetting import forget_account, forget_author

NAMES = "select topic, name from topics order by topic"
PLACED = "select comment_id, topic from comment_topics where topic is not null"


@pytest.fixture
def home(tmp_path: Path, empty_home: Home) -> Home:
    """An empty home folder."""
    return Home(shutil.copytree(empty_home.folder, tmp_path / "home"))


def night(home: Home) -> StageResult:
    """Read comments and find their topics."""
    read_comments(home, "hashed", lambda *_: None)
    return find_topics(home, "hashed", lambda *_: None)


@pytest.fixture(scope="module")
def first_night(tmp_path_factory: pytest.TempPathFactory, empty_home: Home) -> tuple[Home, dict[str, str]]:
    """A home folder with 150 comments in English and their topics, and the true topic of each comment."""
    home = Home(shutil.copytree(empty_home.folder, tmp_path_factory.mktemp("first") / "home"))
    true = store(home, "en", 150)
    night(home)
    return home, true


@pytest.fixture
def found(first_night: tuple[Home, dict[str, str]], tmp_path: Path) -> Home:
    """A copy of it."""
    return Home(shutil.copytree(first_night[0].folder, tmp_path / "home"))


def purity(true: Mapping[str, str], placed: Mapping[str, str]) -> float:
    """The share of comments whose topic is mostly of comments like it."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for comment_id, topic in placed.items():
        found[topic][true[comment_id]] += 1
    return sum(max(one.values()) for one in found.values()) / len(placed)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "ja"])
def test_known_topics_are_found_and_last(home: Home, language: str) -> None:
    """Topics are pure; new comments leave ids, names and old comments as they are, and so does finding them again."""
    true = store(home, language, 150)
    assert night(home).status == "done"
    names, placed = dict(home.lake.query(NAMES)), dict(home.lake.query(PLACED))
    assert len(names) == 3
    assert all(name and not name.startswith("topic") for name in names.values())
    assert purity(true, placed) > 0.95
    assert len(placed) > 0.9 * len(true)

    true |= store(home, language, 200, first=150)
    assert night(home).items <= 50
    again = dict(home.lake.query(PLACED))
    assert {one: again[one] for one in placed} == placed
    assert dict(home.lake.query(NAMES)) == names

    versions = home.lake.query("select distinct version from topics")
    true |= store(home, language, 400, first=200)
    night(home)
    assert home.lake.query("select distinct version from topics") != versions, "twice as many comments"
    assert names.items() <= dict(home.lake.query(NAMES)).items()
    placed = dict(home.lake.query(PLACED))
    assert purity(true, placed) > 0.95


@pytest.mark.slow
def test_a_lost_or_damaged_file_changes_no_topic(found: Home) -> None:
    """The same comments give the same topics, with the ids that the comments have."""
    names, placed = found.lake.query(NAMES), sorted(found.lake.query(PLACED))
    file = found.topics / "en.safetensors"
    stored = file.read_bytes()
    for content in (None, b"", stored[: len(stored) // 2], stored.replace(b"language", b"lang\\u00zz")):
        file.unlink()
        if content is not None:
            file.write_bytes(content)
        assert night(found).status == "done"
        assert (found.lake.query(NAMES), sorted(found.lake.query(PLACED))) == (names, placed)
        assert file.stat().st_size


def test_a_run_that_was_killed_after_it_wrote_a_file_loses_no_topic(found: Home) -> None:
    """The next run stores the topics of the file, also without a new comment."""
    names, placed = found.lake.query(NAMES), sorted(found.lake.query(PLACED))
    found.lake.delete("topics", "language", ["en"])
    night(found)
    assert (found.lake.query(NAMES), sorted(found.lake.query(PLACED))) == (names, placed)


@pytest.mark.slow
def test_two_posts_may_have_comments_with_the_same_id(home: Home) -> None:
    """A comment that becomes spam takes no topic from the one with its id under another post."""
    store(home, "en", 150)
    home.lake.append([comment(home, "en 0", "espresso beans and a latte", "author 1", "en20")])
    night(home)
    home.lake.upsert([comment(home, "en 0", "buy real followers now www.example.com", "author 0", "en0")])
    night(home)
    placed = "select post_id from comment_topics where comment_id = 'en 0' and topic is not null"
    assert home.lake.query(placed) == [("en20",)]


@pytest.mark.slow
def test_names_of_people_name_no_topic(home: Home) -> None:
    """Commenters, mentioned accounts, and words of one author are not in a file or name, though comments are full of them."""
    store(home, "en", 150)
    home.lake.append([post_row("x")])
    for number in range(40):
        texts = (
            f"kitten hello zelda you are lovely {number}",  # an author
            f"@yorick.the.cat and kitten yorick is so lovely {number}",
            f"kitten secretword is only mine and lovely {number}",  # of one author
            f"kitten @quentin quentin this is lovely {number}",
        )
        authors = ("author 1", f"author {number}", "zelda", f"author {number}")
        home.lake.append(
            [
                comment(home, f"x {number} {place}", text, authors[place], "x")
                for place, text in enumerate(texts)
            ]
        )
    night(home)
    stored = (home.topics / "en.safetensors").read_bytes()
    assert b"espresso" in stored
    for name in (b"zelda", b"secretword", b"quentin"):
        assert name not in stored


def test_few_comments_have_no_topics(home: Home) -> None:
    """With too few, emoji only, spam, hostile texts or one text many times there is a sentence and no topic."""
    assert night(home).message == ""
    texts = [
        "😍😍😍",
        "DM @photo.world for a feature",
        "<script>alert(1)</script>",
        "أين هذا المكان الجميل",
        "a" * 10_000,
        "\u202egnp",
    ]
    home.lake.append([post_row("x")])
    home.lake.append(
        [comment(home, f"{one} {n}", text, f"a{n}", "x") for n in range(20) for one, text in enumerate(texts)]
    )
    home.lake.append(
        [comment(home, f"same {n}", "What a lovely kitten this is", f"a{n}", "x") for n in range(80)]
    )
    result = night(home)
    assert (result.status, result.items) == ("done", 0)
    assert result.message.startswith("No topics yet: they are found from 50 different comments")
    assert home.lake.query("select * from topics") == home.lake.query("select * from comment_topics") == []


def test_comments_that_become_spam_lose_their_topic_and_edited_ones_get_another(
    first_night: tuple[Home, dict[str, str]], found: Home
) -> None:
    """The tables follow the texts, and the views count what is stored."""
    true = first_night[1]
    first, other = "en 0", next(one for one in true if true[one] != true["en 0"])
    text = dict(found.lake.query("select comment_id, text from comments"))
    found.lake.upsert([
        comment(found, first, f"{text[other]} again", "author 0", "en0"),
        comment(found, other, "buy real followers now www.example.com", "author 1", "en0"),
    ])  # fmt: skip
    before = dict(found.lake.query(PLACED))
    night(found)
    after = dict(found.lake.query(PLACED))
    assert after[first] == before[other]
    assert other not in after
    publish(found)
    with published(found) as database:
        [(comments, share)] = database.execute(
            "select sum(comments), sum(share) from current_topics"
        ).fetchall()
        [(of_posts,)] = database.execute("select sum(comments) from post_comment_topics").fetchall()
    assert comments == of_posts == len(after)
    assert 0.9 < share <= 1


@pytest.mark.slow
def test_forgetting_removes_topics_and_the_next_run_finds_them_again(found: Home) -> None:
    """An author's comments lose their topics, and files and names made with them go; ids come back."""
    ids = [topic for topic, _ in found.lake.query(NAMES)]
    (found.topics / ".en.safetensors-12345").write_bytes(b"of a killed run")
    forget_author(found, "author 7")
    assert found.lake.query(NAMES) == []
    assert not list(found.topics.iterdir())
    assert "en 7" not in dict(found.lake.query(PLACED))
    night(found)
    assert [topic for topic, _ in found.lake.query(NAMES)] == ids
    forget_account(found, "studio", None)
    assert found.lake.query(NAMES) == found.lake.query("select * from comment_topics") == []
    assert not list(found.topics.iterdir())


@pytest.mark.slow
def test_a_run_without_new_comments_imports_no_library(home: Home) -> None:
    """The second run of a night costs queries: scikit-learn and scipy are not loaded."""
    store(home, "en", 100)
    night(home)
    script = """
import sys
from pathlib import Path
from tasks.topics.stage import find_topics
from warehouse.home import Home

result = find_topics(Home(Path(sys.argv[1])), "hashed", lambda done, total: None)
assert (result.items, result.message, result.counts) == (0, "", '{"en": 3}'), result
assert not {"sklearn", "scipy", "stopwordsiso"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script, str(home.folder)], check=True)
