"""Authors of comments: hashes that are the same here, others elsewhere, and that nobody can try out."""

from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from warehouse.authors import Authors, same_author


def test_one_author_is_one_value_in_this_home_alone(tmp_path) -> None:
    """Spellings of a name, and a new start, give one hash; another home gives another; it is no plain hash."""
    here, again, elsewhere = Authors(tmp_path / "a"), Authors(tmp_path / "a"), Authors(tmp_path / "b")
    stored = here.stored("Ann")
    assert stored == here.stored("@ann") == again.stored(" ann ")
    assert stored not in (here.stored("anna"), elsewhere.stored("Ann"))
    assert stored not in hashlib.sha256(b"ann").hexdigest()


@pytest.mark.skipif(os.name != "posix", reason="asks for the file's mode")
def test_the_key_is_for_its_owner_alone(tmp_path) -> None:
    """Nobody else on the machine can read the key; it is made once."""
    authors = Authors(tmp_path / "authors")
    authors.stored("ann")
    key = tmp_path / "authors" / "key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    Authors(tmp_path / "authors").stored("ben")
    assert key.read_bytes() == before
    assert [file.name for file in key.parent.iterdir()] == ["key"]


def test_who_is_to_be_forgotten_is_known_by_the_hash(tmp_path) -> None:
    """The list of the forgotten has no names, holds each once, and survives a new start."""
    Authors(tmp_path).forget("@Ann")
    Authors(tmp_path).forget("ann")
    authors = Authors(tmp_path)
    assert authors.is_forgotten("ANN")
    assert not authors.is_forgotten("ben")
    assert not authors.is_forgotten(None)
    kept = (tmp_path / "forgotten").read_text()
    assert len(kept.split()) == 1 and "ann" not in kept.lower()


@given(st.text())
def test_any_name_has_a_value(tmp_path_factory, name) -> None:
    """Names in any script, and broken ones, are stored under a hash of fixed length."""
    folder: Path = tmp_path_factory.getbasetemp() / "names"
    stored = Authors(folder).stored(name)
    assert stored is not None and len(stored) == 32
    assert Authors(folder).stored(f"@{same_author(name)}") == stored
