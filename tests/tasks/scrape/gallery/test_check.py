"""`check_page`: what a profile finds on a page, field by field."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.scrape.gallery.check import FieldCheck, PageCheck, check_page
from tasks.scrape.gallery.document import parse
from tasks.scrape.gallery.profile import Profile, load_profile
from tasks.scrape.gallery.saved import read_saved_page, saved_page_url

PAGES = Path(__file__).with_name("pages")
IMGRUM_URL = "http://www.imgrum.net/user/marta.roams/4477"


def page(case: str) -> str:
    return (PAGES / case / "page.html").read_text("utf-8", errors="replace")


def field(checked: PageCheck, key: str) -> FieldCheck:
    (one,) = [field for field in checked.fields if field.key == key]
    return one


@pytest.mark.parametrize(
    ("profile", "case", "url", "kind"),
    [
        ("imgrum", "first_page", IMGRUM_URL, "list"),
        ("imgrum", "imgrum_post", "http://www.imgrum.net/media/1522871_4477", "post"),
        ("cardwall", "cardwall_first_page", "https://cardwall.example/@ines", "list"),
        ("cardwall", "cardwall_post", "https://cardwall.example/p/9a06", "post"),
        ("lumen", "lumen_first_page", "https://lumen.example/u/kofi", "list"),
        ("bilderbogen", "bilderbogen_post", "https://bilderbogen.example/bild/7106", "post"),
    ],
)
def test_a_page_that_fits_is_good(profile: str, case: str, url: str, kind: str) -> None:
    """A page of each layout is known as a list or a post's own page, and nothing of it is missing."""
    checked = check_page(load_profile(profile), page(case), url)
    assert (checked.kind, checked.error, checked.problems) == (kind, "", ())
    assert [(one.key, one.trouble) for one in checked.fields if one.trouble] == []
    assert checked.is_good


def test_every_key_has_its_line(imgrum: Profile) -> None:
    """Each field is told with its selector, in how many posts it is, and with what was read, counts as integers."""
    checked = check_page(imgrum, page("first_page"), IMGRUM_URL)
    likes = field(checked, "post.likes")
    assert (likes.place, likes.found, likes.of) == ("div.gallery_likes.gallery_likes_add span", 4, 5)
    assert likes.examples == ("1903", "802", "2450")
    assert field(checked, "head.followers").examples == ("1200000 (rounded)",)
    assert field(checked, "post.posted_at").examples[0] == "2017-05-25 02:31:09"
    assert field(checked, "list.next").examples == (f"{IMGRUM_URL}/1520933_4477",)
    assert (field(checked, "post.pinned").place, field(checked, "post.pinned").trouble) == ("", "")


@pytest.mark.parametrize(
    ("old", "new", "key", "trouble"),
    [
        ("gallery_likes_add ", "likes ", "post.likes", "missing"),
        ('class="contentarea"', 'class="text"', "post.caption", "missing"),
        ("<span>802</span>", "<span>lots</span>", "post.likes", "not read: 'lots' is no count"),
        ('class="box_date"', 'class="date"', "post.posted_at", "missing"),
        ('href="/media/1522640_4477"', "", "post.id", "missing in 1"),
        ('class="user_info"', 'class="owner"', "head.present", "missing"),
        ("pagerblock", "pages", "list.next", "missing: the account counts more posts"),
        ('<a href="/user/marta.roams/4477/1520933_4477">', '<a href="//x.example/">', "list.next", "away from the site"),
        ('class="fw_preview_wrapper"', 'class="card"', "list.post", "missing"),
    ],
)  # fmt: skip
def test_what_is_missing_is_told_at_its_key(
    imgrum: Profile, old: str, new: str, key: str, trouble: str
) -> None:
    """A page that lost something, or writes it in a way that nobody knows, is told at the key that it belongs to."""
    html = page("first_page")
    assert old in html
    checked = check_page(imgrum, html.replace(old, new), IMGRUM_URL, is_post=False)
    assert trouble in field(checked, key).trouble
    assert not checked.is_good


def test_an_error_of_the_page_is_in_words_and_the_fields_are_told_all_the_same(imgrum: Profile) -> None:
    """When a run would refuse the page, its error is told, and so is what was found of each field."""
    checked = check_page(imgrum, page("first_page").replace("gallery_likes_add ", "likes "), IMGRUM_URL)
    assert "post.likes" in checked.error and 'may_lack = ["likes"]' in checked.error
    assert field(checked, "post.comments").examples == ("41", "7", "115")


def test_a_private_account_is_told(imgrum: Profile) -> None:
    """A private account's page is told as what it is."""
    checked = check_page(imgrum, page("private_account"), IMGRUM_URL)
    assert "private" in checked.error and field(checked, "head.private").found == 1


def test_comments_have_their_lines() -> None:
    """On a post's own page each key of its comments is told; one that can't be read is named with its value."""
    checked = check_page(
        load_profile("cardwall"), page("cardwall_post_messy"), "https://cardwall.example/p/7"
    )
    assert checked.kind == "post"
    assert (field(checked, "comments.comment").found, field(checked, "comments.author").found) == (5, 4)
    assert field(checked, "comments.likes").trouble == "not read: 'several' is no count"
    assert not checked.is_good


@pytest.mark.parametrize("profile", ["imgrum", "cardwall", "lumen", "bilderbogen"])
@pytest.mark.parametrize("text", ["", "\x00", "<", "{}", "[[[[", "<script>window.__LUMEN__ = {", "�" * 50])
@pytest.mark.parametrize("is_post", [None, True, False])
def test_no_page_breaks_the_check(profile: str, text: str, is_post: bool | None) -> None:
    """Whatever the page is, the check says that something is missing and raises nothing."""
    assert not check_page(load_profile(profile), text, "https://x.example/", is_post=is_post).is_good


def test_the_state_and_the_comments_pager_have_lines() -> None:
    """Whether a page's JSON was found, and where its comments go on, is told too."""
    url = "https://lumen.example/photo/Lz9"
    checked = check_page(load_profile("lumen"), page("lumen_post"), url)
    assert (field(checked, "state").found, field(checked, "state").trouble) == (1, "")
    assert field(checked, "comments.next").examples == (f"{url}?thread_after=6%3D%3D",)
    broken = check_page(load_profile("lumen"), page("lumen_broken_state"), "https://lumen.example/u/kofi")
    assert "no JSON" in field(broken, "state").trouble


def test_where_a_saved_page_came_from(tmp_path: Path) -> None:
    """A saved page is read in the encoding that it says, and names its address as browsers or sites write it."""
    file = tmp_path / "page.html"
    written = '<!-- saved from url=(0026)https://pix.example/zoe -->\n<meta charset="iso-8859-1"><p>café</p>'
    file.write_bytes(written.encode("latin-1"))
    text = read_saved_page(file)
    assert "café" in text
    assert saved_page_url(parse(text)) == "https://pix.example/zoe"
    for named in ('<link rel="canonical" href="{}">', '<meta property="og:url" content="{}">'):
        text = named.format("https://pix.example/ann")
        assert saved_page_url(parse(text)) == "https://pix.example/ann"
        text = named.format("javascript:alert(1)")
        assert saved_page_url(parse(text)) is None


def test_an_advertisement_is_no_faulty_post(imgrum: Profile) -> None:
    """What a run passes over is no post without an id: the page is good, and its posts are counted without it."""
    html = page("first_page")
    good = check_page(imgrum, html, IMGRUM_URL)
    card = '<div class="fw_preview_wrapper"><a href="https://shop.example/x"><img src="/ad.jpg"></a></div>'
    place = html.index('<div class="fw_preview_wrapper">')
    with_advertisement = check_page(imgrum, html[:place] + card + html[place:], IMGRUM_URL)
    assert with_advertisement == good
