"""Class names: read from a file as people write one, and held against the model's outputs."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.errors import ClassifierUnavailable
from classifiers.names import names_for, plain_name, read_names


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
def test_read(content: bytes, names: list[str], tmp_path: Path) -> None:
    """One name a line, whatever editor wrote it; an empty line in the middle keeps its place."""
    assert read_names(written(tmp_path, content)) == names


def test_outputs(tmp_path: Path) -> None:
    """A list as long as the model's outputs fits, also where it begins with 'background'."""
    assert names_for(written(tmp_path, b"cat\ndog\n"), 2) == ["cat", "dog"]
    assert names_for(written(tmp_path, b"background\ncat\ndog\n"), 3) == ["background", "cat", "dog"]


@pytest.mark.parametrize("first", [b"background", b"Background", b"\xef\xbb\xbfbackground"])
def test_background(first: bytes, tmp_path: Path) -> None:
    """A list with 'background' before the classes fits a model without that class."""
    assert names_for(written(tmp_path, first + b"\ncat\ndog\n"), 2) == ["cat", "dog"]


@pytest.mark.parametrize("content", [b"cat\n", b"cat\ndog\nfox\n", b"cat\ndog\nbackground\n", b""])
def test_misfit(content: bytes, tmp_path: Path) -> None:
    """Any other list of another length is refused, with both numbers and what to do."""
    file = written(tmp_path, content)
    with pytest.raises(ClassifierUnavailable) as refused:
        names_for(file, 2)
    count = len(content.splitlines())
    assert f"The class names {file} are {count}, but the model has 2 outputs. Set labels to" in str(
        refused.value
    )


def test_unreadable(tmp_path: Path) -> None:
    """A file that is missing, a folder or no text is refused with its name and what to do."""
    for file in (tmp_path / "none.txt", tmp_path, written(tmp_path, b"\x89PNG\xff")):
        with pytest.raises(ClassifierUnavailable, match="can't be read") as refused:
            read_names(file)
        assert str(file) in str(refused.value) and "Set labels to a text file" in str(refused.value)


def test_plain_name() -> None:
    """Underscores and runs of blanks become single blanks; nothing else changes."""
    assert plain_name("  hot__dog \t stand\n") == "hot dog stand"
    assert plain_name("soft-coated wheaten terrier") == "soft-coated wheaten terrier"
