"""`check_page`: what a profile finds on a page, key by key."""

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


def field(check: PageCheck, key: str) -> FieldCheck:
    (one,) = [field for field in check.fields if field.key == key]
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
    """The check detects a list or a post page of each layout, and nothing is missing."""
    result = check_page(load_profile(profile), page(case), url)
    assert (result.kind, result.error, result.problems) == (kind, "", ())
    assert [(one.key, one.trouble) for one in result.fields if one.trouble] == []
    assert result.is_good


def test_the_result_has_every_key(imgrum: Profile) -> None:
    """Each key has its selector, the number of posts that have it, and examples; counts are integers."""
    result = check_page(imgrum, page("first_page"), IMGRUM_URL)
    likes = field(result, "post.likes")
    assert (likes.place, likes.found, likes.of) == ("div.gallery_likes.gallery_likes_add span", 4, 5)
    assert likes.examples == ("1903", "802", "2450")
    assert field(result, "head.followers").examples == ("1200000 (rounded)",)
    assert field(result, "post.posted_at").examples[0] == "2017-05-25 02:31:09"
    assert field(result, "list.next").examples == (f"{IMGRUM_URL}/1520933_4477",)
    assert (field(result, "post.pinned").place, field(result, "post.pinned").trouble) == ("", "")


@pytest.mark.parametrize(
    ("old", "new", "key", "trouble"),
    [
        ("gallery_likes_add ", "likes ", "post.likes", "missing"),
        ('class="contentarea"', 'class="text"', "post.caption", "missing"),
        ("<span>802</span>", "<span>lots</span>", "post.likes", "not read: 'lots' is not a count"),
        ('class="box_date"', 'class="date"', "post.posted_at", "missing"),
        ('href="/media/1522640_4477"', "", "post.id", "missing in 1"),
        ('class="user_info"', 'class="owner"', "head.present", "missing"),
        ("pagerblock", "pages", "list.next", "missing: the account counts more posts"),
        ('<a href="/user/marta.roams/4477/1520933_4477">', '<a href="//x.example/">', "list.next", "away from the site"),
        ('class="fw_preview_wrapper"', 'class="card"', "list.post", "missing"),
    ],
)  # fmt: skip
def test_a_missing_value_is_reported_at_its_key(
    imgrum: Profile, old: str, new: str, key: str, trouble: str
) -> None:
    """A value that is missing, or that can't be read, is the trouble of its key."""
    html = page("first_page")
    assert old in html
    result = check_page(imgrum, html.replace(old, new), IMGRUM_URL, is_post=False)
    assert trouble in field(result, key).trouble
    assert not result.is_good


def test_a_refused_page_has_an_error_and_its_fields(imgrum: Profile) -> None:
    """If a run would refuse the page, the result has the error and the values of the fields."""
    result = check_page(imgrum, page("first_page").replace("gallery_likes_add ", "likes "), IMGRUM_URL)
    assert "post.likes" in result.error and 'may_lack = ["likes"]' in result.error
    assert field(result, "post.comments").examples == ("41", "7", "115")


def test_a_private_account_is_reported(imgrum: Profile) -> None:
    """The error of a private account's page names the cause."""
    result = check_page(imgrum, page("private_account"), IMGRUM_URL)
    assert "private" in result.error and field(result, "head.private").found == 1


def test_the_result_has_the_keys_of_comments() -> None:
    """The result for a post page has each key of its comments; trouble quotes a value that can't be read."""
    result = check_page(load_profile("cardwall"), page("cardwall_post_messy"), "https://cardwall.example/p/7")
    assert result.kind == "post"
    assert (field(result, "comments.comment").found, field(result, "comments.author").found) == (5, 4)
    assert field(result, "comments.likes").trouble == "not read: 'several' is not a count"
    assert not result.is_good


@pytest.mark.parametrize("profile", ["imgrum", "cardwall", "lumen", "bilderbogen"])
@pytest.mark.parametrize("text", ["", "\x00", "<", "{}", "[[[[", "<script>window.__LUMEN__ = {", "�" * 50])
@pytest.mark.parametrize("is_post", [None, True, False])
def test_no_page_makes_the_check_fail(profile: str, text: str, is_post: bool | None) -> None:
    """For any page the check reports what is missing, and raises nothing."""
    assert not check_page(load_profile(profile), text, "https://x.example/", is_post=is_post).is_good


def test_the_result_has_the_state_and_the_pager_of_comments() -> None:
    """The result has the page's JSON and the next page of comments."""
    url = "https://lumen.example/photo/Lz9"
    result = check_page(load_profile("lumen"), page("lumen_post"), url)
    assert (field(result, "state").found, field(result, "state").trouble) == (1, "")
    assert field(result, "comments.next").examples == (f"{url}?thread_after=6%3D%3D",)
    broken = check_page(load_profile("lumen"), page("lumen_broken_state"), "https://lumen.example/u/kofi")
    assert "no JSON" in field(broken, "state").trouble


def test_a_saved_page_is_decoded_and_names_its_address(tmp_path: Path) -> None:
    """A saved page is read in its declared encoding; its address is found as browsers or sites write it."""
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


def test_an_advertisement_is_not_a_post_without_id(imgrum: Profile) -> None:
    """The check skips advertisements as a run does: the page is good, and its posts are counted without them."""
    html = page("first_page")
    good = check_page(imgrum, html, IMGRUM_URL)
    card = '<div class="fw_preview_wrapper"><a href="https://shop.example/x"><img src="/ad.jpg"></a></div>'
    place = html.index('<div class="fw_preview_wrapper">')
    with_advertisement = check_page(imgrum, html[:place] + card + html[place:], IMGRUM_URL)
    assert with_advertisement == good
