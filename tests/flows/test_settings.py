"""likelens.toml: its settings, and the message for each mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import SettingsError
from flows.settings import home_variable, questions, read_settings

SOURCE = '[[sources]]\nname = "a"\nkind = "gallery"\nprofile = "imgrum"\nurl = "http://x.org/user/a/1"\n'
VISUAL = '[[classifiers]]\nname = "visual"\nkind = "visual"\n'


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Read settings from a text."""
    monkeypatch.delenv("LIKELENS_HOME", raising=False)

    def read_text(text: str):
        file = tmp_path / "likelens.toml"
        file.write_text(text, "utf-8")
        return read_settings(file)

    return read_text


def test_the_settings_of_the_design_are_read(read, tmp_path):
    """Every setting has its value from the file, or the documented default."""
    settings = read(SOURCE + VISUAL)
    assert settings.home.folder == tmp_path / "data"
    assert settings.scrape.delay_seconds == 5.0
    assert settings.scrape.refresh_days == 14
    assert settings.fetch.concurrency == 32
    assert [question.by for question in questions(settings)] == ["likes", "comments", "count"]
    assert {question.statistic for question in questions(settings)} == {"lift"}
    assert {question.least_posts for question in questions(settings)} == {10, 1}
    settings = read(
        'home = "there"\n'
        + SOURCE
        + "[scrape]\ndelay_seconds = 0.5\nrefresh_days = 3\n"
        + '[fetch]\nconcurrency = 8\nallow_private_hosts = ["127.0.0.1"]\n'
        + '[rank]\nstatistic = "median"\ntop = 5\nmin_posts = 2\n'
        + VISUAL
        + '[[classifiers]]\nname = "m"\nkind = "litert"\nmodel = "m.tflite"\nlabels = "l.txt"\n'
        + '[[classifiers]]\nname = "k"\nkind = "keras"\napplication = "MobileNet"\nweights = "w.h5"\nlabels = ""\ntop = 3\n'
    )
    assert settings.home.folder == tmp_path / "there"
    assert settings.fetch.allow_private_hosts == ("127.0.0.1",)
    assert [lane.name for lane in settings.classifiers] == ["visual", "m", "k"]
    assert settings.classifiers[1].options.model == tmp_path / "m.tflite"
    assert settings.classifiers[2].options.weights == tmp_path / "w.h5"
    assert len(questions(settings)) == 9


def test_the_variable_likelens_home_overrides_the_home_folder(read, tmp_path, monkeypatch):
    """LIKELENS_HOME comes before the key home."""
    monkeypatch.setenv("LIKELENS_HOME", str(tmp_path / "elsewhere"))
    assert read('home = "data"\n' + SOURCE).home.folder == tmp_path / "elsewhere"


def test_an_empty_variable_likelens_home_is_unset(read, tmp_path, monkeypatch):
    """With an empty LIKELENS_HOME the home folder is that of the file."""
    read(SOURCE)
    monkeypatch.setenv("LIKELENS_HOME", "")
    assert read_settings(tmp_path / "likelens.toml").home.folder == tmp_path / "data"
    assert home_variable() is None


MISTAKES = {
    "hom = 'data'\n" + SOURCE: ["unknown key hom", "home"],
    SOURCE + "[scrape]\ndelay = 1\n": ["[scrape]", "unknown key delay", "did you mean delay_seconds"],
    SOURCE + '[scrape]\ndelay_seconds = "fast"\n': ["[scrape]", "delay_seconds", "'fast'"],
    SOURCE + "[scrape]\ndelay_seconds = -1\n": ["delay_seconds", "-1"],
    SOURCE + "[fetch]\nconcurrency = 0\n": ["concurrency", "0"],
    SOURCE + "[scrape]\nfull_days = inf\n": ["full_days", "36500"],
    SOURCE + '[rank]\nstatistic = "best"\n': ["statistic", "'best'", "lift"],
    SOURCE.replace('kind = "gallery"', 'kind = "galery"'): ["there is no kind 'galery'", "gallery"],
    SOURCE.replace('kind = "gallery"\n', ""): ["the key kind is missing"],
    SOURCE.replace('name = "a"\n', ""): ["name"],
    SOURCE + SOURCE: ["the name 'a' stands 2 times"],
    SOURCE.replace('name = "a"', 'name = "../a"'): ["letters, digits"],
    SOURCE.replace("http://x.org/user/a/1", "file:///etc/passwd"): ["http"],
    SOURCE.replace("http://x.org/user/a/1", "http://x.org/about"): ["/about", "first page"],
    SOURCE.replace('profile = "imgrum"', 'profile = "instagrum"'): ["instagrum", "imgrum"],
    SOURCE.replace("[[sources]]", "[sources]"): ["[[sources]]"],
    VISUAL: ["there is no [[sources]]"],
    "": ["there is no [[sources]]"],
    SOURCE + '[[classifiers]]\nname = "v"\nkind = "visuel"\n': ["there is no kind 'visuel'", "visual"],
    SOURCE + '[[classifiers]]\nname = "m"\nkind = "litert"\nlabels = "l"\n': ["the key model is missing"],
    SOURCE + VISUAL + "top = 3\n": ["unknown key top"],
    SOURCE + "x = [1\n": ["not TOML", "line"],
    "home = 3\n" + SOURCE: ["home", "text in quotes"],
    "note = 3\n" + SOURCE: ["note", "text in quotes"],
    "scrape = 3\n" + SOURCE: ["scrape", "write a table"],
    SOURCE + '[fetch]\nallow_private_hosts = "127.0.0.1"\n': ["allow_private_hosts", "list in brackets"],
    "name = 'n'\n" + SOURCE: ["unknown key name"],
    SOURCE + "[scrape]\nname = 'n'\n": ["[scrape]", "unknown key name"],
    SOURCE + '[classify]\nrunner = "spark"\n': ["[classify]", "'threads'", "'dask'"],
    SOURCE + "[classify]\nworkers = 2\n": ["[classify]", "workers is set", 'runner = "dask"'],
    SOURCE + '[classify]\nrunner = "dask"\naddress = "host"\n': ["[classify]", "tcp://host:8786"],
    SOURCE + '[classify]\nrunner = "dask"\naddress = "ray://h:1"\n': ["none of dask", "tcp://host:8786"],
    SOURCE + '[classify]\nrunner = "dask"\naddress = "tcp://h:1"\nworkers = 2\n': ["remove one"],
    SOURCE + '[classify]\nrunner = "dask"\ngpus = 1\n': ["[classify]", "gpus", "started with"],
    SOURCE + '[forecast]\ncandidates = "c"\n': ["[forecast]: set at beside candidates", "tuesday 18:00"],
    SOURCE + '[forecast]\nat = "2026-12-01 18:00"\n': ["[forecast]", "is no weekday and hour"],
    SOURCE + '[forecast]\nkind = "story"\n': ["[forecast]", "'story'", "'carousel'"],
    SOURCE + VISUAL + '[forecast]\nclassifiers = ["visul"]\n': [
        "[forecast]",
        "'visul'",
        "the settings have: visual",
    ],
    SOURCE.replace('"gallery"', '["gallery"]'): ["there is no kind ['gallery']"],
    SOURCE + VISUAL.replace('kind = "visual"', 'kind = ["visual"]'): ["there is no kind ['visual']"],
}


@pytest.mark.parametrize(("text", "words"), MISTAKES.items(), ids=range(len(MISTAKES)))
def test_a_mistake_is_reported_with_its_place_and_the_fix(read, text, words):
    """The message names the file, the table and the fix, in a few lines."""
    with pytest.raises(SettingsError) as caught:
        read(text)
    message = str(caught.value)
    assert "likelens.toml" in message
    for part in words:
        assert part in message
    assert len(message.splitlines()) < 15


def test_all_mistakes_are_reported_at_once(read):
    """Three mistakes in three tables are in one message."""
    with pytest.raises(SettingsError) as caught:
        read(SOURCE + "[scrape]\ndelay = 1\n[fetch]\nconcurency = 3\n[rank]\ntop = 0\n")
    assert all(word in str(caught.value) for word in ("delay_seconds", "concurrency", "top"))


def test_a_source_with_a_mistake_is_not_reported_as_missing(read):
    """The message has the one mistake, and not that there is no source."""
    with pytest.raises(SettingsError) as caught:
        read(SOURCE.replace("url =", "ur ="))
    assert "unknown key ur; did you mean url?" in str(caught.value)
    assert "there is no [[sources]]" not in str(caught.value)


def test_a_file_in_another_encoding_is_reported(tmp_path):
    """A settings file that is not UTF-8 gives a message, not a traceback."""
    file = tmp_path / "likelens.toml"
    file.write_bytes(b'home = "\xff\xfe"\n')
    with pytest.raises(SettingsError, match="can't be read"):
        read_settings(file)
