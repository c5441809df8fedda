"""`home` as a URL, and the table `[storage]`."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.commands.demo import demo
from flows.environment import home_for_unit
from flows.errors import SettingsError
from flows.preflight.home import check_home
from flows.settings import read_settings
from warehouse.home import Home

SOURCE = '[[sources]]\nname = "a"\nkind = "jsonl"\nfile = "rows.jsonl"\n'


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Read settings from a text, in an environment without variables of likelens."""
    for name in ("LIKELENS_HOME", "LIKELENS_CACHE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))

    def read_text(text: str):
        file = tmp_path / "likelens.toml"
        file.write_text(text + SOURCE, "utf-8")
        return read_settings(file)

    return read_text


def test_a_home_in_an_object_store_has_a_work_folder_of_its_own(read, tmp_path):
    """Without a setting it lies below the user's caches, another one for each URL."""
    one = read('home = "s3://bucket/likelens/"\n').home
    other = read('home = "s3://bucket/Likelens"\n').home
    assert (one.store.url, one.store.endpoint, one.store.region) == ("s3://bucket/likelens", "", "")
    assert one.location == "s3://bucket/likelens"
    assert one.folder.parent == other.folder.parent == tmp_path / "caches" / "likelens"
    assert one.folder != other.folder
    assert one.folder.name.startswith("bucket-likelens-")


def test_the_table_storage_says_how_the_store_is_reached(read, tmp_path):
    """The cache is relative to the settings."""
    home = read(
        'home = "s3://bucket"\n[storage]\ncache = "here"\nendpoint = "http://127.0.0.1:9000/"\nregion = "eu-1"\n'
    ).home
    assert home.folder == tmp_path / "here"
    assert (home.store.endpoint, home.store.region) == ("http://127.0.0.1:9000", "eu-1")


def test_variables_name_the_home_and_its_cache(read, tmp_path, monkeypatch):
    """They come before the key home, and after the key cache; a unit of a service gets both."""
    monkeypatch.setenv("LIKELENS_HOME", "s3://other/likelens")
    monkeypatch.setenv("LIKELENS_CACHE", str(tmp_path / "work"))
    home = read('home = "data"\n').home
    assert (home.store.url, home.folder) == ("s3://other/likelens", tmp_path / "work")
    assert read('[storage]\ncache = "here"\n').home.folder == tmp_path / "here"
    assert home_for_unit() == {
        "LIKELENS_HOME": "s3://other/likelens",
        "LIKELENS_CACHE": str(tmp_path / "work"),
    }


def test_a_folder_stays_a_folder(read, tmp_path):
    """Nothing of a local home is in a store."""
    home = read('home = "data"\n').home
    assert (home.folder, home.store, home.location) == (tmp_path / "data", None, str(tmp_path / "data"))


MISTAKES = {
    'home = "ftp://bucket/x"\n': ["home", "s3://BUCKET/FOLDER"],
    'home = "s3://"\n': ["home", "s3://BUCKET/FOLDER"],
    'home = "s3://key:secret@bucket/x"\n': ["home", "Put credentials into the environment"],
    'home = "s3://bucket/a b"\n': ["home", "letters, digits"],
    'home = "s3://b"\n[storage]\nendpoint = "s3.example.org"\n': ["[storage]", "endpoint", "https://"],
    'home = "s3://b"\n[storage]\nendpoint = "https://k:s@x.org"\n': ["[storage]", "without credentials"],
    'home = "s3://b"\n[storage]\nkey = "secret"\n': ["[storage]", "unknown key key"],
    'home = "s3://b"\n[storage]\nregion = "a b"\n': ["[storage]", "region"],
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_mistake_is_reported_with_its_place_and_the_fix(read, text, words):
    """No secret of a URL is in the message."""
    with pytest.raises(SettingsError) as caught:
        read(text)
    message = str(caught.value)
    assert "secret" not in message
    for part in words:
        assert part in message


def test_the_demo_refuses_a_home_in_an_object_store(read, monkeypatch):
    """It shows likelens on one machine, and says what to do."""
    monkeypatch.setenv("LIKELENS_HOME", "s3://bucket/likelens")
    with pytest.raises(SettingsError, match="Unset LIKELENS_HOME"):
        demo.main([], standalone_mode=False)


@pytest.mark.slow
def test_the_doctor_checks_the_store(s3: Any, tmp_path: Path) -> None:
    """It names the URL and the work folder; of a bucket that is missing it says so, with the page that helps."""
    store = s3.store()
    findings = list(check_home(Home(tmp_path / "work", store)))
    assert [finding.good for finding in findings] == [True, True]
    assert s3.url in findings[0].text and f"work folder {tmp_path / 'work'}" in findings[1].text
    [missing] = check_home(Home(tmp_path / "other", replace(store, url="s3://no-such-bucket/likelens")))
    assert not missing.good
    assert "There is no bucket of s3://no-such-bucket/likelens" in missing.text
    assert missing.page == "docs/object-store.md#when-something-goes-wrong"
