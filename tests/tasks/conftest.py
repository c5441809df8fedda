"""A home folder to begin with."""

from __future__ import annotations

import pytest

from warehouse.home import Home


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home folder with empty tables, made once; tests work in copies of it."""
    home = Home(tmp_path_factory.mktemp("empty") / "home")
    home.prepare()
    return home
