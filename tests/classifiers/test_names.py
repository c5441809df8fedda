"""Class names: read from a file as people write it, and checked against the model's outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.names import normalise_name, read_names, read_names_for


def written(folder: Path, content: bytes) -> Path:
    (folder / "names.txt").write_bytes(content)
    return folder / "names.txt"


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (b"cat\ndog\n", ["cat", "dog"]),
        (b"cat\ndog", ["cat", "dog"]),
        (b"cat\r\ndog\r\n", ["cat", "dog"]),
        (b"cat\ndog\n\n  \n", ["cat", "dog"]),
        (b"cat\n\ndog\n", ["cat", "", "dog"]),
        (b"\xef\xbb\xbfcat\ndog\n", ["cat", "dog"]),
        ("Kätzchen\n犬\n".encode(), ["Kätzchen", "犬"]),
        (b"  Egyptian_cat \nhot_dog,\tred_hot\n", ["Egyptian cat", "hot dog, red hot"]),
        (b"", []),
    ],
)
def test_any_editors_file_is_read(content: bytes, names: list[str], tmp_path: Path) -> None:
    """One name per line, whichever editor wrote the file; an empty line in the middle is an empty name."""
    assert read_names(written(tmp_path, content)) == names


def test_a_list_with_one_name_per_output_fits(tmp_path: Path) -> None:
    """A list with as many names as outputs fits, also if it begins with 'background'."""
    assert read_names_for(written(tmp_path, b"cat\ndog\n"), 2) == ["cat", "dog"]
    assert read_names_for(written(tmp_path, b"background\ncat\ndog\n"), 3) == ["background", "cat", "dog"]


@pytest.mark.parametrize("first", [b"background", b"Background", b"\xef\xbb\xbfbackground"])
def test_a_background_before_the_classes_is_removed(first: bytes, tmp_path: Path) -> None:
    """A list with 'background' before the classes fits a model without that class."""
    assert read_names_for(written(tmp_path, first + b"\ncat\ndog\n"), 2) == ["cat", "dog"]


@pytest.mark.parametrize("content", [b"cat\n", b"cat\ndog\nfox\n", b"cat\ndog\nbackground\n", b""])
def test_a_list_of_another_length_is_refused(content: bytes, tmp_path: Path) -> None:
    """The message for any other list of another length has both numbers and what to do."""
    file = written(tmp_path, content)
    with pytest.raises(ClassifierUnavailable) as refused:
        read_names_for(file, 2)
    count = len(content.splitlines())
    assert f"{file} has {count} class names, but the model has 2 outputs. Set labels to" in str(refused.value)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    """The message for a file that is missing, a folder or not text has its name and what to do."""
    for file in (tmp_path / "none.txt", tmp_path, written(tmp_path, b"\x89PNG\xff")):
        with pytest.raises(ClassifierUnavailable, match="can't be read") as refused:
            read_names(file)
        assert str(file) in str(refused.value) and "Set labels to a text file" in str(refused.value)


def test_a_name_is_normalised_to_single_spaces() -> None:
    """Underscores and runs of spaces become single spaces; nothing else changes."""
    assert normalise_name("  hot__dog \t stand\n") == "hot dog stand"
    assert normalise_name("soft-coated wheaten terrier") == "soft-coated wheaten terrier"
