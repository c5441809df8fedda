"""Sources that are files in the settings: paths relative to them, and the folders that pictures may come from."""

from __future__ import annotations

import pytest

from flows.commands.doctor import _source
from flows.nightly import options
from flows.settings import SettingsError, read_settings

GALLERY = '[[sources]]\nname = "g"\nkind = "gallery"\nprofile = "imgrum"\nurl = "http://x.org/user/a/1"\n'
FILES = """
[[sources]]
name = "saved"
kind = "instaloader"
folder = "insta"

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
    assert options(settings_of(GALLERY + FILES)).folders == tuple(
        tmp_path / name for name in ("insta", "rows", "out")
    )
    assert options(settings_of(GALLERY)).folders == ()


def test_settings_are_read_though_the_files_are_not_there(settings_of, tmp_path):
    """A path that leads nowhere is no mistake in the settings; the doctor tells it, source by source."""
    settings = settings_of(FILES)
    assert [_source(settings, source).good for source in settings.sources] == [False] * 3
    (tmp_path / "rows").mkdir()
    row = (
        '{"v": 1, "account": "a", "post_id": "1", "url": "http://x.org/p/1", "posted_at": "2026-01-02T03:04:05Z",'
        ' "observed_at": "2026-01-03T03:04:05Z", "likes": 1, "comments": 0, "pictures": ["http://x.org/1.jpg"]}'
    )
    (tmp_path / "rows" / "posts.jsonl").write_text(row + "\n", "utf-8")
    (tmp_path / "insta").mkdir()
    findings = [_source(settings, source) for source in settings.sources]
    assert [finding.good for finding in findings] == [False, True, False]
    assert "first page" in findings[1].what
    assert str(tmp_path / "insta") in findings[0].what and "has no post" in findings[0].what


def test_mistakes_are_told_all_at_once(settings_of):
    """Each mistake in a source of files is told with the source that it is in."""
    wrong = (
        FILES.replace('folder = "insta"', 'folders = "insta"')
        .replace('"likes"', '"like"')
        .replace("file =", "fil =")
    )
    with pytest.raises(SettingsError) as raised:
        settings_of(wrong)
    said = str(raised.value)
    assert "(saved): unknown key folders; did you mean folder?" in said
    assert "(saved): the key folder is missing" in said
    assert "(lines): unknown key fil; did you mean file?" in said
    assert (
        "(tables): columns = {'a b': 'like'}: 'a b' can't be 'like': it is not a field; did you mean likes?"
        in said
    )
