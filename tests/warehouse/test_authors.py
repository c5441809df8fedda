"""Authors of comments: hashes that are equal within a home folder, differ between them, and can't be guessed."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.authors import Authors, normalise_author


def test_one_author_is_one_value_in_this_home_alone(tmp_path) -> None:
    """Spellings of a name give one hash, also in a new object; another home gives another; it is not a plain hash."""
    here, again, elsewhere = Authors(tmp_path / "a"), Authors(tmp_path / "a"), Authors(tmp_path / "b")
    stored = here.stored("Ann")
    assert stored == here.stored("@ann") == again.stored(" ann ")
    assert stored not in (here.stored("anna"), elsewhere.stored("Ann"))
    assert stored not in hashlib.sha256(b"ann").hexdigest()


@pytest.mark.skipif(os.name != "posix", reason="checks the file's mode")
def test_only_the_owner_can_read_the_key(tmp_path) -> None:
    """Nobody else on the machine can read the key, and it is created once."""
    authors = Authors(tmp_path / "authors")
    authors.stored("ann")
    key = tmp_path / "authors" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    Authors(tmp_path / "authors").stored("ben")
    assert key.read_bytes() == before
    assert [file.name for file in key.parent.iterdir()] == ["key"]


def test_forgotten_authors_are_recognised_by_their_hash(tmp_path) -> None:
    """The list of forgotten authors has no names, has each author once, and is read by a new object."""
    Authors(tmp_path).forget("@Ann")
    Authors(tmp_path).forget("ann")
    authors = Authors(tmp_path)
    assert authors.is_forgotten("ANN")
    assert not authors.is_forgotten("ben")
    assert not authors.is_forgotten(None)
    listed = (tmp_path / "forgotten").read_text()
    assert len(listed.split()) == 1 and "ann" not in listed.lower()


@given(st.text())
def test_any_name_has_a_hash_of_fixed_length(tmp_path_factory, name) -> None:
    """Names in any script, and malformed ones, are stored as a hash of 32 digits."""
    folder: Path = tmp_path_factory.getbasetemp() / "names"
    stored = Authors(folder).stored(name)
    assert stored is not None and len(stored) == 32
    assert Authors(folder).stored(f"@{normalise_author(name)}") == stored
