"""Files beside a post's JSON are its pictures; where one is missing, its address is."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import pytest


def files(post) -> list[str]:
    """The names of local pictures, and other addresses as they are."""
    return [
        unquote(urlsplit(url).path).rpartition("/")[2] if url.startswith("file:") else url
        for url in post.pictures
    ]


def test_a_saved_picture_is_a_file_address(importing, download, anonymous) -> None:
    """A picture that Instaloader has saved is a `file:` address inside the folder, not a web address."""
    download.post("ann/a b", anonymous("x"))
    file = download.picture("ann/a b.jpg")
    (url,) = importing.posts(download.settings())["x"].pictures
    assert url.startswith(file.resolve().as_uri() + "#")


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp", ".heic", ".HEIC", ".JPG", ".jfif", ""])
def test_a_picture_may_have_any_ending(importing, download, anonymous, ending) -> None:
    """Whatever the picture's ending, or without one, it is the file with the JSON's stem."""
    download.post("x.y", anonymous("x"))
    download.picture(f"x.y{ending}")
    assert files(importing.posts(download.settings())["x"]) == [f"x.y{ending}"]


def test_a_carousels_pictures_are_in_order(importing, download, anonymous, sidecar) -> None:
    """All pictures of a carousel are in order, the tenth after the ninth; its videos are skipped."""
    flags = [False] * 11
    flags[3] = True
    download.post("c", anonymous("c", **sidecar("c", *flags)))
    for place in range(1, 12):
        download.picture(f"c_{place}.jpg", place)
    post = importing.posts(download.settings())["c"]
    assert post.kind == "carousel"
    assert files(post) == [f"c_{place}.jpg" for place in range(1, 12) if place != 4]


def test_a_missing_file_falls_back_to_its_address(importing, download, anonymous, sidecar) -> None:
    """If a carousel's file is missing, its position has the web address, and the others have their files."""
    download.post("c", anonymous("c", **sidecar("c", False, False, False)))
    download.picture("c_1.jpg")
    download.picture("c_3.jpg")
    assert files(importing.posts(download.settings())["c"]) == [
        "c_1.jpg",
        "https://pics.example/c_2.jpg",
        "c_3.jpg",
    ]


def test_a_carousel_without_parts_uses_the_files(importing, download, logged_in) -> None:
    """If the JSON lists no parts, the files beside it are the carousel, without its videos."""
    download.post("c", logged_in("c", __typename="GraphSidecar"))
    for place in (1, 2, 3):
        download.picture(f"c_{place}.jpg")
    (download.root / "c_2.mp4").write_bytes(b"video")
    assert files(importing.posts(download.settings())["c"]) == ["c_1.jpg", "c_3.jpg"]


def test_a_post_without_its_picture_is_stored_and_reported(importing, download, anonymous) -> None:
    """A post whose picture has neither file nor web address is stored, and reported."""
    download.post("n", anonymous("n", display_url="file:///etc/hostname"))
    (page,) = importing.pages(download.settings())
    assert page.posts[0].pictures == ()
    assert page.problems == ("n.json.xz: pictures: picture 1 has no file beside it and no address",)


def test_a_link_out_of_the_folder_is_not_a_picture(importing, download, anonymous) -> None:
    """For a link to a file elsewhere the web address is used."""
    outside = importing.folder / "secret.jpg"
    outside.write_bytes(b"x")
    download.post("l", anonymous("l"))
    (download.root / "l.jpg").symlink_to(outside)
    assert files(importing.posts(download.settings())["l"]) == ["https://pics.example/l.jpg?oe=1"]
