"""A folder with anything in it: each broken file costs only itself, and is reported by its name."""

from __future__ import annotations

import json
import lzma
import os

import pytest

from tasks.errors import BadInput


def reported(importing, download, name: str) -> str:
    """The problem that names a file, where the good post beside it is read all the same."""
    (page,) = importing.pages(download.settings())
    assert [post.post_id for post in page.posts] == ["good"]
    (problem,) = page.problems
    assert problem.startswith(name)
    assert page.unparsed == ("id",)
    return problem


@pytest.fixture
def good(download, anonymous):
    """A folder with one good post, whose file comes last."""
    download.post("z_good", anonymous("good"))
    return download


BROKEN = [
    (b"", "is not JSON, or is cut off"),
    (b'{"node": {"shortcode": "x", "ow', "is not JSON, or is cut off"),
    (b"[" * 200_000, "is nested too deeply"),
    (b'{"shortcode": NaN}', "does not name its owner"),
    (b'{"shortcode": ' + b"9" * 5000 + b"}", "does not name its owner"),
    (b"\x89PNG\r\n", "is not JSON, or is cut off"),
]


@pytest.mark.parametrize(("data", "message"), BROKEN, ids=range(len(BROKEN)))
def test_a_broken_file_is_skipped_and_named(importing, good, data, message) -> None:
    """A file that is empty, truncated, deeply nested or not JSON is skipped and named."""
    good.write("a.json", data)
    assert message in reported(importing, good, "a.json ")


def test_a_truncated_packed_file_is_read_by_the_next_run(importing, good, anonymous) -> None:
    """A packed file that is being written is skipped; the message says that the next run reads it."""
    packed = lzma.compress(json.dumps(anonymous("x")).encode())
    (good.root / "a.json.xz").write_bytes(packed[: len(packed) // 2])
    assert "is cut off; if it is still being written, the next run reads it" in reported(
        importing, good, "a.json.xz "
    )


def test_a_damaged_packed_file_is_skipped(importing, good) -> None:
    """A damaged packed file is skipped and named."""
    (good.root / "a.json.xz").write_bytes(b"\xfd7zXZ\x00" + bytes(range(50)))
    assert "can't be unpacked" in reported(importing, good, "a.json.xz ")


@pytest.mark.slow
def test_a_decompression_bomb_stops_at_the_limit(importing, good) -> None:
    """A small file that unpacks to gigabytes is stopped at the limit."""
    pack = lzma.LZMACompressor()
    with (good.root / "a.json.xz").open("wb") as out:
        for _ in range(80):
            out.write(pack.compress(b" " * 2**20))
        out.write(pack.flush())
    assert (good.root / "a.json.xz").stat().st_size < 100_000
    assert "is larger than 32 MB" in reported(importing, good, "a.json.xz ")


def test_a_file_with_a_future_time_is_skipped(importing, good, anonymous) -> None:
    """A file whose time lies in the future is skipped: its counts would stay the newest for years."""
    good.post("a", anonymous("x"), 4_000_000_000)
    assert "was last changed in the future (2096-10-02); set its time with touch" in reported(
        importing, good, "a.json.xz "
    )


def test_links_out_of_the_folder_are_not_read(importing, good, anonymous) -> None:
    """A link to a file outside is not read, nor is a folder behind a link; a loop of links ends."""
    outside = importing.folder / "outside"
    outside.mkdir()
    (outside / "x.json").write_text(json.dumps(anonymous("secret")))
    (good.root / "a.json").symlink_to(outside / "x.json")
    (good.root / "b").symlink_to(outside)
    (good.root / "loop").symlink_to(good.root)
    assert "is a link to nothing, or to a file outside the folder" in reported(importing, good, "a.json ")


def test_a_named_pipe_is_ignored(importing, good) -> None:
    """A named pipe, and a folder with a JSON file's name, are not files: they are ignored."""
    os.mkfifo(good.root / "a.json")
    (good.root / "b.json").mkdir()
    (page,) = importing.pages(good.settings())
    assert ([post.post_id for post in page.posts], page.problems) == (["good"], ())


def test_bytes_that_are_not_utf_8_are_replaced_and_reported(importing, download, anonymous) -> None:
    """A file with broken bytes in a caption is read, the bytes become U+FFFD, and the file is reported."""
    text = json.dumps({"node": anonymous("x"), "instaloader": {"node_type": "Post"}})
    data = text.replace("at the harbour", "@@").encode().replace(b"@@", b"caf\xe9")
    download.write("a.json", data)
    (page,) = importing.pages(download.settings())
    assert page.posts[0].caption == "Morning 🌅 caf�"
    assert page.problems == ("a.json: bytes that are not UTF-8 were replaced by U+FFFD",)


def test_odd_texts_reach_the_lake(importing, download, anonymous) -> None:
    """Markup, right-to-left marks and emoji reach the tables; a NUL is removed and half a surrogate pair replaced."""
    caption = "<script>alert(1)</script> \u202eabc\u202c 👩‍👩‍👧 \x00 ''; drop table posts --"
    node = anonymous("x", edge_media_to_caption={"edges": [{"node": {"text": caption + "\ud83d"}}]})
    download.post("a", node)
    importing.run(download.settings())
    assert importing.rows("select caption from posts") == [(caption.replace("\0", "") + "�",)]


def test_a_file_name_that_is_not_utf_8_is_read(importing, download, anonymous) -> None:
    """A file whose name has bytes that are not UTF-8 is read, and so is the picture beside it."""
    stem = os.fsdecode(b"caf\xe9")
    download.post(stem, anonymous("x"))
    download.picture(f"{stem}.jpg")
    download.write(f"{stem}2.json", b"{")
    importing.run(download.settings())
    assert importing.rows("select picture_url like 'file:%caf\\%E9.jpg%' escape '\\' from post_pictures") == [
        (True,)
    ]
    (page,) = importing.pages(download.settings())
    assert page.problems[0].startswith("caf�2.json is not JSON")


@pytest.mark.parametrize("shortcode", ["", "../../etc", "a b", 5, None, "x" * 100])
def test_a_post_with_an_invalid_shortcode_is_skipped(importing, good, anonymous, shortcode) -> None:
    """A post with an invalid shortcode is skipped and reported."""
    good.post("a", anonymous("x") | {"shortcode": shortcode})
    (page,) = importing.pages(good.settings())
    assert [post.post_id for post in page.posts] == ["good"]
    assert page.problems == ("a.json.xz: id: it has no shortcode; the post was skipped",)


def test_a_post_without_shortcode_contradicts_no_profile(importing, good, anonymous) -> None:
    """A skipped post is not compared with the profile of its owner, which has the same time; the profile is read."""
    good.post("a", anonymous("x") | {"shortcode": None})
    profile = {"username": "ann", "edge_followed_by": {"count": 5}}
    good.write("b.json", {"node": profile, "instaloader": {"node_type": "Profile"}})
    pages = importing.pages(good.settings())
    assert [page.head.followers for page in pages if page.head] == [5]
    problems = [problem for page in pages for problem in page.problems]
    assert problems == ["a.json.xz: id: it has no shortcode; the post was skipped"]


@pytest.mark.parametrize("value", [[], {}, "x", 7, None, {"edges": 3}, {"count": {}}])
@pytest.mark.parametrize("field", ["edge_sidecar_to_children", "edge_media_to_caption", "owner", "location",
                                   "iphone_struct", "edge_media_preview_like", "display_url", "__typename"])  # fmt: skip
def test_a_field_of_any_type_costs_only_itself(importing, download, anonymous, field, value) -> None:
    """Whatever the type of a field's value, the post is read without it."""
    download.post("a", anonymous("x", **{field: value}))
    assert list(importing.posts(download.settings(account="ann"))) == ["x"]


def test_a_missing_or_empty_folder_is_an_error(importing, download) -> None:
    """A missing folder, and a folder without posts, are errors that say what to do; nothing is stored."""
    settings = download.settings()
    with pytest.raises(BadInput, match=r"insta has no post with Instaloader's JSON.*Fix `folder`"):
        importing.run(settings)
    download.root.rmdir()
    with pytest.raises(
        BadInput, match=r"insta can't be read \(No such file.*Fix `folder` of the source saved"
    ):
        importing.run(settings)
    download.root.write_text("a file")
    with pytest.raises(BadInput, match="can't be read"):
        importing.run(settings)
    assert importing.rows("select count(*) from posts") == [(0,)]


def test_a_damaged_owner_name_is_never_stored(importing, good, anonymous) -> None:
    """A file that is not UTF-8 is never stored under a damaged name of its owner."""
    node = {"node": anonymous("x", owner={"username": "josé"}), "instaloader": {"node_type": "Post"}}
    good.write("a.json", json.dumps(node).replace("\\u00e9", "é").encode("latin-1"))
    assert "has bytes that are not UTF-8 in its owner's name" in reported(importing, good, "a.json ")


@pytest.mark.parametrize("seconds", [0, 315_532_800])
def test_a_file_of_1970_is_skipped(importing, good, anonymous, seconds) -> None:
    """A file of 1970 or 1980, as archives without times unpack it, has no time of observation."""
    good.post("a", anonymous("x"), seconds)
    assert "has a modification time before 2000" in reported(importing, good, "a.json.xz ")
