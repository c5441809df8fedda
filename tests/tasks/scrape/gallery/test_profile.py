"""Gallery profiles: built-in profiles, a user's own profile, and the errors for mistakes."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import pytest

from tasks.errors import BadProfile, LayoutChanged
from tasks.scrape.crawl.messages import CrawlJob
from tasks.scrape.gallery.adapter import GalleryAdapter
from tasks.scrape.gallery.embedded_json import open_page
from tasks.scrape.gallery.extract import read_page
from tasks.scrape.gallery.profile import Profile, built_in_profiles, load_profile
from tasks.scrape.gallery.source import GallerySettings
from tasks.scrape.politeness import Politeness

OWN = """
name = "pixgram"
account = '^/(?P<account>[^/]+)$'
dates = ["%Y-%m-%dT%H:%M:%S%z", "%d.%m.%y"]
[head]
present = { css = "header" }
[list]
post = { xpath = './/li[has-class("post")]' }
next = { css = "a.next::attr(href)" }
[post]
id = { xpath = './/a/@href', pattern = '/p/(\\d+)' }
url = { css = "a::attr(href)" }
posted_at = { css = "time", attribute = "datetime" }
picture = { css = "img", attribute = "src" }
video = { css = "video" }
likes = { xpath = 'string(.//b)' }
comments = { css = "i::text" }
pinned = { css = ".pin" }
"""
OWN_PAGE = """<header>zoe</header><ul>
<li class="post"><a href="/p/1"><img src="/1.jpg"></a><time datetime="2024-02-29T23:30:00-02:00"></time><b>1,000</b><i>3</i></li>
<li class="post"><a href="/p/2"><img src="/2.jpg"></a><time datetime="28.02.24"></time><b>7</b><i>1</i><s class="pin"></s></li>
</ul>"""


@pytest.fixture
def own_profile(tmp_path: Path) -> Callable[..., Path]:
    """Write the profile to a file, with one text replaced."""

    def write(old: str = "", new: str = "") -> Path:
        assert old in OWN
        (tmp_path / "pixgram.toml").write_text(OWN.replace(old, new, 1) if old else OWN)
        return tmp_path

    return write


def test_imgrum_is_a_built_in_profile(imgrum: Profile) -> None:
    """The profile `imgrum` matches the addresses of its accounts."""
    assert "imgrum" in built_in_profiles()
    assert imgrum.account_of("/user/instagram/25025320") == "instagram"
    assert imgrum.account_of("/user/instagram/25025320/") == "instagram"


def test_every_file_in_profiles_is_a_profile() -> None:
    """Each file in `profiles/` loads, under its own name."""
    files = [entry.name for entry in (resources.files("tasks.scrape.gallery") / "profiles").iterdir()]
    assert sorted(files) == [f"{name}.toml" for name in built_in_profiles()]
    for name in built_in_profiles():
        assert load_profile(name).name == name


def test_a_path_that_is_not_an_account_is_an_error(imgrum: Profile) -> None:
    """The address of a tag or a post in the settings is an error with the pattern of an account's address."""
    for path in ("/tag/lemons", "/media/1_2", "/user/a/1/2_1", "/", ""):
        with pytest.raises(BadProfile, match="account's"):
            imgrum.account_of(path)


def test_a_user_s_own_profile_reads_a_page(own_profile: Callable[..., Path]) -> None:
    """A profile beside the settings is loaded; its XPaths, attributes and time zones work."""
    folder = own_profile()
    settings = GallerySettings(
        name="z", kind="gallery", profile="pixgram.toml", url="https://pix.example/zoe"
    )
    source = settings.open(folder)
    assert (source.account, source.host) == ("zoe", "pix.example")
    page = read_page(
        source.adapter.profile, open_page(None, OWN_PAGE), source.address, "zoe", datetime.now(UTC)
    )
    assert [post.post_id for post in page.posts] == ["1", "2"]
    assert [post.url for post in page.posts] == ["https://pix.example/p/1", "https://pix.example/p/2"]
    assert page.posts[0].posted_at == datetime(2024, 3, 1, 1, 30, tzinfo=UTC)
    assert page.posts[1].posted_at == datetime(2024, 2, 28, tzinfo=UTC)
    assert [(post.likes, post.comments, post.pinned) for post in page.posts] == [
        (1000, 3, False),
        (7, 1, True),
    ]


def test_a_profile_is_unchanged_in_the_crawl_s_process(own_profile: Callable[..., Path]) -> None:
    """A crawl job with a profile is the same after its way through JSON."""
    profile = load_profile("pixgram.toml", own_profile())
    url = "https://a.example/zoe"
    job = CrawlJob(GalleryAdapter(profile, "zoe", url), url, Politeness(0.5), "spool")
    assert pickle.loads(pickle.dumps(job)) == job  # noqa: S301 - written by the line itself


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("likes = {", "lieks = {", ["post.lieks"]),
        ('css = "img"', 'css = "img["', ["post.picture", "CSS"]),
        ('css = "img"', 'css = "img:held(1)"', ["post.picture", "CSS"]),
        ('css = "img"', 'css = "img", xpath = ".//img"', ["post.picture", "either css or xpath"]),
        ('css = "img", attribute', "attribute", ["post.picture", "either css or xpath"]),
        ("xpath = 'string(.//b)'", "xpath = './/b['", ["post.likes", "XPath"]),
        ("xpath = './/a/@href'", "xpath = '//a/@href'", ["post.id", "dot before the xpath //a/@href"]),
        ("pattern = '/p/(\\d+)'", "pattern = '/p/('", ["post.id.pattern", "expression"]),
        ("pattern = '/p/(\\d+)'", "pattern = '/p/'", ["post.id.pattern", "group"]),
        ("'^/(?P<account>[^/]+)$'", "'^/([^/]+)$'", ["account", "(?P<account>"]),
        ("%d.%m.%y", "%d.%m.%Q", ["dates.1", "'%d.%m.%Q'"]),
        ('present = { css = "header" }', "", ["head.present"]),
        ('name = "pixgram"', "", ["name"]),
        ("[list]", "[lists]", ["list", "lists"]),
        ("[post]", "[post", ["pixgram.toml", "not TOML"]),
        ('dates = ["%Y-%m-%dT%H:%M:%S%z", "%d.%m.%y"]', "dates = []", ["dates"]),
        ('next = { css = "a.next::attr(href)" }', 'next = "a.next"', ["list.next"]),
    ],
)
def test_a_mistake_is_reported_with_its_key(
    own_profile: Callable[..., Path], old: str, new: str, words: list[str]
) -> None:
    """A profile with a mistake is refused before any request, and the error names the key."""
    folder = own_profile(old, new)
    with pytest.raises(BadProfile) as raised:
        load_profile("pixgram.toml", folder)
    for word in words:
        assert word in str(raised.value)
    assert "Value error" not in str(raised.value)


def test_a_profile_that_does_not_exist_is_an_error(tmp_path: Path) -> None:
    """The error names the file and the built-in profiles."""
    with pytest.raises(BadProfile) as raised:
        load_profile("imgrim", tmp_path)
    assert str(tmp_path / "imgrim") in str(raised.value) and "cardwall, imgrum" in str(raised.value)
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    for name in ("binary.toml", "."):
        with pytest.raises(BadProfile):
            load_profile(name, tmp_path)


def test_a_profile_of_another_site_is_an_error(own_profile: Callable[..., Path], imgrum: Profile) -> None:
    """A page that is read with the profile of another site is an error with the profile's name."""
    own = load_profile("pixgram.toml", own_profile())
    with pytest.raises(LayoutChanged, match="profile imgrum"):
        read_page(imgrum, open_page(None, OWN_PAGE), "https://pix.example/zoe", "zoe", datetime.now(UTC))
    with pytest.raises(LayoutChanged, match="profile pixgram"):
        read_page(own, open_page(None, "<p>hello</p>"), "https://pix.example/zoe", "zoe", datetime.now(UTC))
