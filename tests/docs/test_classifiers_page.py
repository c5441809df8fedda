"""docs/classifiers.md: its example kind works, and its labels of `visual` are those of the code."""

from __future__ import annotations

import ast
import importlib.util
import sys
from types import ModuleType

import duckdb
import pytest

from classifiers import registry
from classifiers.registry import KINDS
from classifiers.visual.properties import PROPERTIES
from flows.settings import read_settings
from tasks.classify.stage import label_pictures
from warehouse.home import Home

pytestmark = pytest.mark.slow

SOURCE = '[[sources]]\nname = "a"\nkind = "gallery"\nprofile = "imgrum"\nurl = "http://x.org/user/a/1"\n'


@pytest.fixture
def page(pages):
    """The page."""
    return pages["classifiers.md"]


@pytest.fixture
def example(page, tmp_path, monkeypatch) -> ModuleType:
    """The page's example, as if it lay in classifiers/, and the registry as the page changes it."""
    (block,) = page.blocks("python")
    (tmp_path / "grey.py").write_text(block.text, "utf-8")
    made = importlib.util.spec_from_file_location("classifiers.grey", tmp_path / "grey.py")
    module = importlib.util.module_from_spec(made)
    monkeypatch.setitem(sys.modules, "classifiers.grey", module)
    made.loader.exec_module(module)
    (diff,) = page.blocks("diff")
    (line,) = (one[1:].strip() for one in diff.text.splitlines() if one.startswith("+"))
    for word, kind in ast.literal_eval(f"{{{line}}}").items():
        monkeypatch.setitem(KINDS, word, kind)
    return module


def test_the_example_labels_pictures(page, example, studio, tmp_path, monkeypatch):
    """Settings name the new kind, the registry loads it, and the stored pictures get its labels."""
    monkeypatch.delenv("LIKELENS_HOME", raising=False)
    (given,) = (block for block in page.blocks("toml") if "colourless" in block.text)
    (tmp_path / "likelens.toml").write_text(SOURCE + given.text)
    (lane,) = read_settings(tmp_path / "likelens.toml").classifiers
    home = Home(studio / "data")
    loaded = registry.load(lane.kind, lane.name, lane.options)
    assert loaded.version == "grey-1-0.08"
    ended = label_pictures(home, loaded, lambda *_: None)
    assert (ended.status, ended.failures) == ("done", 1)
    with home.lake.reader() as reader:
        query = "select label, count(*) as pictures from labels where classifier = 'colourless' group by all"
        found = dict(reader.execute(query).fetchall())
    assert set(found) == {"grey picture", "coloured picture"}
    assert sum(found.values()) == ended.items > 30


def test_the_diff_fits_the_registry(page, root):
    """The line that the page puts the new one under stands in the registry."""
    (diff,) = page.blocks("diff")
    context = [line[1:] for line in diff.text.splitlines() if line.startswith(" ")]
    registry_lines = (root / "classifiers" / "registry.py").read_text("utf-8").splitlines()
    assert context and set(context) <= set(registry_lines)


def test_the_page_has_every_label_of_visual_with_its_limits(page):
    """The page's table has each label with the values at which it holds and at which its score is 1."""
    header = "| label | holds from | score 1 at | measure |"
    listed = {label: (holds, full) for label, holds, full, _ in page.rows("## The labels of visual", header)}
    sides = [side for one in PROPERTIES for side in one.sides]
    assert listed == {side.label: (f"{side.holds:.3g}", f"{side.full:.3g}") for side in sides}
    for otherwise in filter(None, (one.otherwise for one in PROPERTIES)):
        assert f"`{otherwise}`" in page.section("## The labels of visual")


def test_the_page_has_every_kind(page):
    """Each kind of the registry has its line."""
    assert {kind for kind, *_ in page.rows("## Kinds", "| kind | it is | it needs |")} == set(KINDS)


@pytest.fixture(autouse=True)
def restored_tables(studio):
    """Remove the example's labels after each test: other pages' tests share the tables."""
    yield
    Home(studio / "data").lake.delete("labels", "classifier", ["colourless"])
    with duckdb.connect(str(studio / "data" / "likelens.duckdb"), read_only=True) as database:
        assert database.execute("select count(*) from labels where classifier = 'colourless'").fetchall() == [
            (0,)
        ]
