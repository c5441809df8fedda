"""CONTRIBUTING.md names modules that exist and terms that the code uses; README.md and CHANGELOG.md have their form."""

from __future__ import annotations

import re

import pytest

TERMS = [
    "source",
    "account",
    "post",
    "picture",
    "observation",
    "label",
    "classifier",
    "backbone",
    "scene",
    "lane",
    "lift",
    "lake",
    "finding",
    "journal",
    "ledger",
    "spool",
    "profile",
    "contract",
    "politeness",
]
PATH = re.compile(r"`((?:flows|tasks|classifiers|warehouse|tests|docs)/[\w/.-]*)`")
GLOSSARY = re.compile(r"^\| (\w+) \| .+ \| `(.+)` \|$", re.MULTILINE)


@pytest.fixture(scope="module")
def contributing(root) -> str:
    """The page."""
    return (root / "CONTRIBUTING.md").read_text("utf-8")


def test_every_named_file_exists(contributing, root):
    """Files and folders in backticks exist."""
    named = PATH.findall(contributing)
    assert len(named) > 20
    assert [name for name in named if not (root / name).exists()] == []


def test_every_term_of_the_glossary_is_in_its_module(contributing, root):
    """The glossary has all terms in their order, and each occurs in the module that it names."""
    glossary = GLOSSARY.findall(contributing)
    assert [term for term, _ in glossary] == TERMS
    for term, module in glossary:
        assert re.search(term, module + (root / module).read_text("utf-8"), re.IGNORECASE), term


def test_the_readme_begins_with_two_commands(root):
    """A newcomer finds the demo and the tests there, and CI calls the same command, and then the slow tests."""
    readme = (root / "README.md").read_text("utf-8")
    assert re.findall(r"^    make (\w+)", readme, re.MULTILINE) == ["demo", "test"]
    assert "\nmake test\nmake test-slow\n" in (root / ".ci/run").read_text("utf-8")


def test_a_test_is_in_one_of_the_two_targets(root):
    """What one target leaves out the other one runs."""
    chosen = re.findall(r"\$\(PYTEST\) -m (.+)$", (root / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert chosen == ['"not slow"', "slow"]


def test_every_target_of_make_exists(contributing, root):
    """The make targets on the page are in the Makefile."""
    targets = set(re.findall(r"make (\w+)", contributing)) - {"s"}
    makefile = (root / "Makefile").read_text("utf-8")
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_the_changelog_has_the_form_of_keep_a_changelog(root):
    """It has an unreleased section, and its entries are under the usual headings."""
    text = (root / "CHANGELOG.md").read_text("utf-8")
    assert "\n## [Unreleased]\n" in text
    headings = set(re.findall(r"^### (.+)$", text, re.MULTILINE))
    assert headings <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
