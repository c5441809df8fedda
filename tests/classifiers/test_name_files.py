"""Files of class names: line numbers and WordNet ids are not part of a name, other numbers are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.groups import find_groups, imagenet_classes
from classifiers.names import read_names, read_names_for

NAMES = ["background", "tench, Tinca tinca", "great white shark", "8 ball", "hen"]


def read(folder: Path, text: str) -> list[str]:
    (folder / "names").write_text(text, "utf-8")
    return read_names(folder / "names")


def lines(form: str, start: int = 0) -> str:
    return "\n".join(form.format(place, name) for place, name in enumerate(NAMES, start)) + "\n"


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize(
    "form",
    ["{} {}", "{}  {}", "{}\t{}", "{}: {}", "{}:{}", "{},{}", "{}, {}", "{};{}", "{}. {}", "{}) {}", "[{}] {}",
     "({}) {}", "{}={}", "{} - {}", "{} | {}", "{:04} {}", "  {:>4} {}", "{}_{}", '{},"{}"', '"{}","{}"', "{}: '{}'",
     "{}\tn00000000\t{}", "{} n00000000 {}"],
)  # fmt: skip
def test_line_numbers_are_removed(form: str, start: int, tmp_path: Path) -> None:
    """A line number is removed, whatever separates it from the name, also before a WordNet id."""
    assert read(tmp_path, lines(form, start)) == NAMES


@pytest.mark.parametrize("form", ["n0000000{} {}", "n0000000{}\t{}", "n0000000{}: {}", "n0000000{},{}"])
def test_wordnet_ids_are_removed(form: str, tmp_path: Path) -> None:
    """The WordNet id before each name is removed, also before a line number."""
    assert read(tmp_path, lines(form)) == NAMES
    assert read(tmp_path, lines("n00000000 {} {}", start=1)) == NAMES


def test_numbered_lines_are_sorted_by_their_numbers(tmp_path: Path) -> None:
    """Numbered lines in any order are sorted by their numbers; blank lines are ignored."""
    shuffled = "\n\n".join(sorted(lines("{} {}").splitlines(), reverse=True))
    assert read(tmp_path, shuffled) == NAMES


@pytest.mark.parametrize(
    "names",
    [
        ["cue", "8 ball", "9 ball"],
        ["8 ball", "9 ball", "10 ball"],
        ["911 Carrera", "356 A", "718 Boxster"],
        ["0", "1", "2", "3"],
        ["0 to 3", "1 to 5", "cat"],
        ["1 person"],
        ["0 cats", "0 dogs", "1 cat"],
        ["n01440764", "n01443537"],
        ["n01440764 tench", "goldfish"],
        ["[unknown]", "cat"],
        ["{other}", "cat"],
        ["3D printer", "4x4", "5-string banjo"],
        ["cat", "", "dog"],
    ],
)
def test_numbers_in_names_are_kept(names: list[str], tmp_path: Path) -> None:
    """Unless every line has its line number, a number is part of the name."""
    assert read(tmp_path, "\n".join(names)) == names


STRUCTURES = {
    "a list": json.dumps(NAMES),
    "a dictionary": json.dumps({str(place): name for place, name in enumerate(NAMES)}),
    "a dictionary from 1": json.dumps({str(place): name for place, name in enumerate(NAMES, 1)}),
    "Keras' own": json.dumps({str(place): ["n01440764", name] for place, name in enumerate(NAMES)}),
    "by name": json.dumps({name: place for place, name in enumerate(NAMES)}),
    "of a settings file": json.dumps({"id2label": dict(enumerate(NAMES)), "label2id": {}}),
    "under a key": json.dumps({"version": 1, "names": NAMES}),
    "of objects": json.dumps([{"id": place, "name": name} for place, name in enumerate(NAMES, 1)]),
    "of objects in their order": json.dumps([{"name": name} for name in NAMES]),
    "of pairs": json.dumps([["n01440764", name] for name in NAMES]),
    "of numbered names": json.dumps([f"{place} {name}" for place, name in enumerate(NAMES)]),
    "of Python": str(dict(enumerate(NAMES))).replace(", 2:", ",\n 2:"),
    "a list of Python": str(NAMES),
    "spread over lines": json.dumps(NAMES, indent=1),
}  # fmt: skip


@pytest.mark.parametrize("text", STRUCTURES.values(), ids=STRUCTURES)
def test_json_and_python_literals_are_read(text: str, tmp_path: Path) -> None:
    """Names in JSON and in Python literals are read in the order of the outputs."""
    assert read(tmp_path, text) == NAMES


TABLES = {
    "commas": 'index,name\n0,background\n1,"tench, Tinca tinca"\n2,great white shark\n3,8 ball\n4,hen\n',
    "tabs": "class_id\tclass_name\n" + lines("{}\t{}", 1),
    "semicolons": "Name;ID\n" + "".join(f"{name};{place}\n" for place, name in enumerate(NAMES)),
    "more columns": "index,mid,display_name\n" + "".join(f'{p},/m/{p},"{n}"\n' for p, n in enumerate(NAMES)),
    "of pandas": ",label\n" + "".join(f'{place},"{name}"\n' for place, name in enumerate(NAMES)),
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
def test_a_table_is_read_by_its_header(text: str, tmp_path: Path) -> None:
    """A table with a header is read by its columns."""
    assert read(tmp_path, text) == NAMES


@pytest.mark.parametrize(
    "text",
    [
        '{"0": "cat", "2": "dog"}',
        '{"cat": 1, "dog": 1}',
        '{"a": "cat", "b": "dog"}',
        "[1, 2, 3]",
        "[]",
        "{}",
        '[{"id": 1, "name": "cat"}, {"id": 90, "name": "dog"}]',
        "id,name\n1,cat\n90,dog\n",
        "id,name\n0,cat\n1\n",
    ],
)
def test_ambiguous_names_are_refused(text: str, tmp_path: Path) -> None:
    """If it is unclear which output a name belongs to, the file is refused with the reason and what to do."""
    with pytest.raises(
        ClassifierUnavailable, match=r"can't be assigned to outputs: .* Set labels to a text file"
    ) as refused:
        read(tmp_path, text)
    assert str(tmp_path / "names") in str(refused.value)


@pytest.mark.parametrize("first", ["background", "__background__", "Background", "dummy"])
def test_a_numbered_background_fits_models_with_and_without_it(first: str, tmp_path: Path) -> None:
    """A list with a background fits a model with that class, and one without."""
    (tmp_path / "names").write_text(f"0: {first}\n1: cat\n2: dog\n")
    assert read_names_for(tmp_path / "names", 2) == ["cat", "dog"]
    assert read_names_for(tmp_path / "names", 3) == [first.replace("_", ""), "cat", "dog"]


@pytest.mark.parametrize("form", ["{0}  {1}", "{0}: {1}, also known as such", "n{0:08} {1}"])
@pytest.mark.parametrize("background", [[], ["background"]])
def test_numbered_imagenet_names_have_groups(form: str, background: list[str], tmp_path: Path) -> None:
    """ImageNet's names have their groups, however they are numbered."""
    classes = [*background, *(name for name, _ in imagenet_classes())]
    names = read(tmp_path, "\n".join(form.format(place, name) for place, name in enumerate(classes)))
    groups = find_groups(names)
    assert len(groups) >= 990
    assert groups[next(name for name in names if name.startswith("tiger cat"))] == "cat"
