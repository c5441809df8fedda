"""Sources that read files: paths are relative to the settings, and pictures come from the sources' folders only."""

from __future__ import annotations

import pytest

from flows.errors import SettingsError
from flows.nightly import fetch_options
from flows.preflight.sources import check_source
from flows.settings import read_settings

GALLERY = '[[sources]]\nname = "g"\nkind = "gallery"\nprofile = "imgrum"\nurl = "http://x.org/user/a/1"\n'
FILES = """
[[sources]]
name = "saved"
kind = "instaloader"
folder = "insta"

[[sources]]
name = "more"
kind = "instaloader"
folder = "more"

[[sources]]
name = "lines"
kind = "jsonl"
file = "rows/posts.jsonl"

[[sources]]
name = "tables"
kind = "table"
files = "out/*/t.csv"
columns = { "a b" = "likes" }
"""


@pytest.fixture
def settings_of(tmp_path, monkeypatch):
    """Read some settings."""
    monkeypatch.delenv("LIKELENS_HOME", raising=False)

    def read(text: str):
        (tmp_path / "likelens.toml").write_text(text, "utf-8")
        return read_settings(tmp_path / "likelens.toml")

    return read


def test_pictures_come_from_the_named_folders_only(settings_of, tmp_path):
    """The fetch takes files of the sources' folders, relative to the settings, and none where no source has one."""
    assert fetch_options(settings_of(GALLERY + FILES)).folders == tuple(
        tmp_path / name for name in ("insta", "more", "rows", "out")
    )
    assert fetch_options(settings_of(GALLERY)).folders == ()


def test_a_path_that_does_not_exist_is_reported_by_the_doctor(settings_of, tmp_path):
    """A missing file is not a mistake in the settings; the doctor reports it for each source."""
    settings = settings_of(FILES)
    assert [check_source(settings, source).good for source in settings.sources] == [False] * 4
    (tmp_path / "rows").mkdir()
    row = (
        '{"v": 1, "account": "a", "post_id": "1", "url": "http://x.org/p/1", "posted_at": "2026-01-02T03:04:05Z",'
        ' "observed_at": "2026-01-03T03:04:05Z", "likes": 1, "comments": 0, "pictures": ["http://x.org/1.jpg"]}'
    )
    (tmp_path / "rows" / "posts.jsonl").write_text(row + "\n", "utf-8")
    (tmp_path / "insta").mkdir()
    findings = [check_source(settings, source) for source in settings.sources]
    assert [finding.good for finding in findings] == [False, False, True, False]
    assert "first page" in findings[2].text
    assert str(tmp_path / "more") in findings[1].text and "can't be read" in findings[1].text


def test_mistakes_in_several_sources_are_reported_at_once(settings_of):
    """Each mistake is reported with its source."""
    wrong = (
        FILES.replace('folder = "insta"', 'folders = "insta"')
        .replace('"likes"', '"like"')
        .replace("file =", "fil =")
    )
    with pytest.raises(SettingsError) as raised:
        settings_of(wrong)
    message = str(raised.value)
    assert "(saved): unknown key folders; did you mean folder?" in message
    assert "(saved): the key folder is missing" in message
    assert "(lines): unknown key fil; did you mean file?" in message
    assert (
        "(tables): columns = {'a b': 'like'}: 'a b' can't be 'like': it is not a field; did you mean likes?"
        in message
    )
