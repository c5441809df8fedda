"""The settings in the pages are valid, and the guide has every key with its default."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from classifiers.registry import KINDS
from flows.cluster_settings import ClassifySettings
from flows.comment_settings import CommentSettings
from flows.forecasting.settings import ForecastSettings
from flows.serve.server import ServerSettings
from flows.settings import (
    FetchSettings,
    PublishSettings,
    RankSettings,
    ScrapeSettings,
    StoreSettings,
    read_settings,
)
from tasks.scrape.gallery.profile import load_profile
from tasks.scrape.model import SourceModel
from tasks.scrape.sources import SOURCE_KINDS, settings_model

SOURCE = '[[sources]]\nname = "a"\nkind = "gallery"\nprofile = "imgrum"\nurl = "http://x.org/user/a/1"\n'
HEADER = "| key | default | meaning |"


def test_every_toml_block_is_valid(toml_block, studio, pages, tmp_path, monkeypatch):
    """Settings and profiles in the pages have only valid keys."""
    monkeypatch.delenv("LIKELENS_HOME", raising=False)
    given = tomllib.loads(toml_block.text)
    if "account" in given:
        (tmp_path / "one.toml").write_text(toml_block.text, "utf-8")
        assert load_profile("one.toml", tmp_path).name == given["name"]
        return
    if any(lane["kind"] not in KINDS for lane in given.get("classifiers", [])):
        assert toml_block.page == "classifiers.md"  # which adds the kind; its own test reads it
        return
    text = toml_block.text if "sources" in given else SOURCE + toml_block.text
    (tmp_path / "pix.toml").write_text((studio / "pix.toml").read_text("utf-8"), "utf-8")
    (tmp_path / "likelens.toml").write_text(text, "utf-8")
    settings = read_settings(tmp_path / "likelens.toml")
    assert [lane.name for lane in settings.classifiers] == [c["name"] for c in given.get("classifiers", [])]
    assert all(path.is_relative_to(tmp_path) for path in paths(settings.classifiers))


def paths(classifiers: Any) -> list[Path]:
    """Return the paths in classifiers' options."""
    return [value for lane in classifiers for _, value in lane.options if isinstance(value, Path)]


def keys(*models: type[BaseModel], without: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    """Return the keys of settings' tables with their defaults."""
    fields = [(key, field.default) for model in models for key, field in model.model_fields.items()]
    return [(key, default) for key, default in fields if key not in without]


@pytest.mark.parametrize(
    ("heading", "expected"),
    [
        ("### [scrape]", keys(ScrapeSettings)),
        ("### [comments]", keys(CommentSettings)),
        ("### [fetch]", keys(FetchSettings)),
        ("### [classify]", keys(ClassifySettings)),
        ("### [rank]", keys(RankSettings)),
        ("### [publish]", keys(PublishSettings)),
        ("### [store]", keys(StoreSettings)),
        ("### [forecast]", keys(ForecastSettings)),
        ("### [server]", keys(ServerSettings)),
        ("### [[sources]]", keys(SourceModel)),
        (
            "### [[classifiers]]",
            [
                ("name", PydanticUndefined),
                ("kind", PydanticUndefined),
                *keys(*KINDS.values()),
            ],
        ),
    ],
    ids=[
        "scrape",
        "comments",
        "fetch",
        "classify",
        "rank",
        "publish",
        "store",
        "forecast",
        "server",
        "sources",
        "classifiers",
    ],
)
def test_the_guide_has_every_key_with_its_default(pages, heading, expected):
    """The guide's tables have the keys of the code, in order, with their defaults."""
    shown_rows = [(key, default) for key, default, _ in pages["guide.md"].rows(heading, HEADER)]
    assert shown_rows == [(key, written(default)) for key, default in expected]


KIND_PAGES = {
    "gallery": "gallery-profiles.md",
    "jsonl": "files.md",
    "table": "files.md",
}
"""The pages of kinds of source whose name is not the kind's."""


def page_of(kind: str) -> str:
    """Return the page with the settings of a kind of source."""
    return KIND_PAGES.get(kind, f"{kind}.md")


@pytest.mark.parametrize("page", sorted({page_of(kind) for kind in SOURCE_KINDS}))
def test_a_page_has_every_key_of_its_kind_of_source(pages, page):
    """Under Settings a page has the keys of its kinds of source, in order, with their defaults."""
    models = [settings_model(kind) for kind in SOURCE_KINDS if page_of(kind) == page]
    expected = keys(*models, without=tuple(SourceModel.model_fields))
    shown_rows = [(key, default) for key, default, _ in pages[page].rows("## Settings", HEADER)]
    assert shown_rows == [(key, written(default)) for key, default in expected]


def written(default: Any) -> str:
    """Return a default as the guide writes it."""
    if default is PydanticUndefined:
        return "none: required"
    if isinstance(default, str):
        return f'"{default}"'
    if isinstance(default, bool):
        return str(default).lower()
    return {None: "none", (): "[]"}.get(default, str(default))


def test_the_guide_has_the_top_level_keys(pages, tmp_path, monkeypatch):
    """`home` and `note` are keys, and `home` has the guide's default."""
    monkeypatch.delenv("LIKELENS_HOME", raising=False)
    shown_rows = {
        key: default for key, default, _ in pages["guide.md"].rows("### The file's first lines", HEADER)
    }
    assert set(shown_rows) == {"home", "note"}
    (tmp_path / "likelens.toml").write_text(SOURCE)
    assert read_settings(tmp_path / "likelens.toml").home.folder == tmp_path / shown_rows["home"].strip('"')
    (tmp_path / "likelens.toml").write_text("note = 'n'\nhome = 'h'\n" + SOURCE)
    assert read_settings(tmp_path / "likelens.toml").note == "n"


def test_the_guide_names_every_kind(pages):
    """The guide names each kind of source and classifier, and lists none of them as missing."""
    guide = pages["guide.md"]
    for kind in (*SOURCE_KINDS, *KINDS):
        assert f"`{kind}`" in guide.text
    missing = guide.section("## Not there yet")
    assert not [kind for kind in (*SOURCE_KINDS, *KINDS) if f"`{kind}`" in missing and kind != "gallery"]


def test_the_guide_shows_the_deployment(pages, root):
    """The guide's lines of prefect.yaml are in that file."""
    (shown,) = pages["guide.md"].blocks("yaml")
    assert shown.text in (root / "prefect.yaml").read_text("utf-8")
