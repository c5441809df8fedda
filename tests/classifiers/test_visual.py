"""The classifier `visual`: its labels of synthetic pictures, and the form of its results."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from pydantic import ValidationError

import classifiers.visual
from classifiers.errors import UnreadablePicture
from classifiers.pictures import PictureFile
from classifiers.protocol import Label
from classifiers.visual import VisualOptions, load
from classifiers.visual.classifier import VERSION
from classifiers.visual.naming import NAMES, name_indices
from classifiers.visual.pixels import Pixels
from classifiers.visual.properties import PROPERTIES, Side

ORIENTATIONS = {"portrait", "square", "landscape"}
OPPOSITES = [
    {"light", "dark"},
    {"high contrast", "low contrast"},
    {"high saturation", "low saturation"},
    {"warm", "cool"},
    {"textured", "smooth"},
    {"sharp", "soft"},
]
# The digest of all limits in the table, and the scores of one picture, at each version.
LIMITS = {"visual-2": "0ed0075567ff4a67"}
SCORES = {
    "visual-2": {
        "high saturation": 1.0, "portrait": 1.0, "warm": 1.0, "textured": 0.7663, "brown": 0.6315,
        "red": 0.61, "dark": 0.5181,
    },
}  # fmt: skip

Rgb = NDArray[np.uint8]
VISUAL = load("visual", VisualOptions())


def labels(picture: Rgb) -> list[Label]:
    return VISUAL.label([picture])[0]


def scores(picture: Rgb) -> dict[str, float]:
    return {label.label: label.score for label in labels(picture)}


def plain(colour: tuple[int, int, int] | int, width: int = 120, height: int = 120) -> Rgb:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def noise(low: int, high: int, cell: int = 1) -> Rgb:
    """Grey noise in squares of `cell` pixels, 256 x 256, always the same."""
    coarse = np.random.default_rng(7).integers(low, high, (256 // cell, 256 // cell), dtype=np.uint8)
    grey = coarse.repeat(cell, axis=0).repeat(cell, axis=1)
    return np.stack([grey] * 3, axis=-1)


def shown(image: Image.Image, folder: Path) -> Rgb:
    """The picture as `prepare` gives it."""
    image.save(folder / "picture.bmp")
    return np.asarray(VISUAL.prepare(PictureFile(folder / "picture.bmp")), dtype=np.uint8)


class TestMadePictures:
    def test_white_is_light_and_plain(self) -> None:
        """A white picture is light, white, colourless and plain, and has no other label."""
        assert set(scores(plain(255))) == {
            "light", "white", "low contrast", "low saturation", "much background space",
            "single dominant colour", "smooth", "square",
        }  # fmt: skip

    def test_nearly_black_is_dark_and_colourless(self) -> None:
        """A nearly black picture is dark and black; its noise makes it neither warm nor colourful."""
        found = scores(plain((9, 4, 3)))
        assert {"dark", "black"} <= set(found)
        assert not {"light", "warm", "red", "brown"} & set(found)

    def test_blue_is_cool_and_dominant(self) -> None:
        """A blue picture is blue, cool and saturated, and blue is its single dominant colour."""
        found = scores(plain((30, 70, 200)))
        assert {"blue", "cool", "high saturation", "single dominant colour"} <= set(found)
        assert not {"red", "warm", "purple", "cyan", "low saturation"} & set(found)

    def test_a_middling_picture_gets_none_of_the_opposites(self) -> None:
        """A picture of middle lightness, contrast, colour and detail gets none of the opposites."""
        across = np.linspace(60, 180, 256)
        grey = np.clip(across + np.linspace(-20, 20, 256)[:, None], 0, 255)
        picture = (np.stack([grey, grey, grey * 0.68], axis=-1) + noise(0, 40, cell=4)).astype(np.uint8)
        found = scores(np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(0.8))))
        assert not any(pair & set(found) for pair in OPPOSITES)

    def test_a_checkerboard_is_textured_and_sharp(self) -> None:
        """A fine checkerboard has high contrast, texture and sharp edges, and no background space."""
        squares = (np.indices((256, 256)).sum(axis=0) // 4 % 2 * 255).astype(np.uint8)
        found = scores(np.stack([squares] * 3, axis=-1))
        assert {"high contrast", "textured", "sharp", "black", "white"} <= set(found)
        assert not {"smooth", "soft", "much background space", "single dominant colour"} & set(found)

    def test_a_gradient_is_smooth_and_not_sharp(self) -> None:
        """A gradient from black to white is smooth and has no edge that could be sharp."""
        ramp = np.linspace(0, 255, 256).astype(np.uint8)
        found = scores(np.stack([np.tile(ramp, (256, 1))] * 3, axis=-1))
        assert {"high contrast", "smooth"} <= set(found)
        assert not {"sharp", "textured", "light", "dark"} & set(found)

    def test_a_subject_on_a_plain_wall_leaves_background_space(self) -> None:
        """A textured subject on a plain wall leaves much background space; filling the frame, it does not."""
        alone = plain(200, 256, 256)
        alone[90:170, 90:170] = noise(0, 255)[:80, :80]
        assert "much background space" in scores(alone)
        assert "much background space" not in scores(noise(0, 255))

    def test_the_plain_inside_of_an_object_is_not_background(self) -> None:
        """The plain inside of an object that fills the picture is no background space."""
        plate = noise(60, 250)
        plate[24:232, 24:232] = 200
        assert Pixels(plate).tile_deviations.min() == 0.0
        assert "much background space" not in scores(plate)

    def test_gravel_is_textured_and_a_soft_shade_smooth(self) -> None:
        """Gravel is textured, a soft shade is smooth."""
        assert "textured" in scores(noise(40, 220, cell=2))
        assert "smooth" in scores(noise(120, 124))

    @pytest.mark.parametrize(
        ("width", "height", "orientation"),
        [(1080, 1350, "portrait"), (1080, 1080, "square"), (1080, 566, "landscape"), (1080, 1060, "square"),
         (1000, 1100, "portrait"), (1100, 1000, "landscape"), (3000, 1, "landscape"), (1, 1, "square")],
    )  # fmt: skip
    def test_the_orientation_is_that_of_the_original_size(
        self, width: int, height: int, orientation: str, tmp_path: Path
    ) -> None:
        """The orientation is that of the original size; within 5 % it is square."""
        found = scores(shown(Image.new("RGB", (width, height), "teal"), tmp_path))
        assert ORIENTATIONS & set(found) == {orientation}

    def test_every_shape_has_one_orientation(self) -> None:
        """Whatever its shape, a picture gets exactly one orientation."""
        row = next(row for row in PROPERTIES if row.otherwise == "square")
        for width in range(1, 257, 15):
            for height in range(1, 257, 2):
                shape = Pixels(np.broadcast_to(np.uint8(0), (height, width, 3)))
                assert len(list(row.labels(shape))) == 1

    def test_a_picture_turned_by_exif_is_portrait(self, tmp_path: Path) -> None:
        """A picture that is stored sideways with an EXIF orientation counts as upright."""
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.new("RGB", (400, 300), "teal").save(tmp_path / "lying.jpg", exif=exif)
        assert "portrait" in scores(
            np.asarray(VISUAL.prepare(PictureFile(tmp_path / "lying.jpg")), dtype=np.uint8)
        )


class TestColourNames:
    @pytest.mark.parametrize(
        ("name", "colours"),
        {
            "black": ["#000000", "#1c1c1e", "#0a0a14"],
            "grey": ["#808080", "#5a5a5a", "#c0c0c4"],
            "white": ["#ffffff", "#f4f4f0", "#fffdf8"],
            "red": ["#ff0000", "#c00010", "#dc143c", "#8b0000"],
            "orange": ["#ff8c00", "#ffa500", "#e8731c", "#ffb07c"],
            "yellow": ["#ffff00", "#ffd700", "#f0e060"],
            "green": ["#00ff00", "#228b22", "#4c7a34", "#9acd32"],
            "cyan": ["#00ffff", "#20b2aa", "#008b8b"],
            "blue": ["#0000ff", "#87ceeb", "#1e3c78", "#4169e1", "#5c8fd0"],
            "purple": ["#800080", "#8a2be2", "#b48cdc", "#4b0082"],
            "pink": ["#ffc0cb", "#ff69b4", "#ff1493", "#e890a8"],
            "brown": ["#8b4513", "#5c3a21", "#a0703c", "#6b4a2f"],
        }.items(),
    )
    def test_a_plain_picture_has_the_name_of_its_colour(self, name: str, colours: list[str]) -> None:
        """A picture of one colour gets the name that people give that colour, and no other."""
        for colour in colours:
            red, green, blue = bytes.fromhex(colour[1:])
            assert set(scores(plain((red, green, blue)))) & set(NAMES) == {name}, colour

    def test_two_colours_get_both_names(self) -> None:
        """Half red and half blue gets both names and no single dominant colour."""
        halves = plain((200, 20, 30))
        halves[:, 60:] = (30, 60, 200)
        found = scores(halves)
        assert set(found) & set(NAMES) == {"red", "blue"}
        assert "single dominant colour" not in found

    def test_a_small_share_of_a_colour_is_not_named(self) -> None:
        """A colour on 2 % of the picture is not a label, and one on four fifths has the highest score."""
        flag = plain((250, 250, 250))
        flag[:12, :24] = (200, 20, 30)
        assert set(scores(flag)) & set(NAMES) == {"white"}
        assert scores(flag)["white"] == 1.0

    def test_every_colour_has_a_name(self) -> None:
        """All names occur, and every combination of the three channels has one of them."""
        steps = np.arange(0, 256, 8, dtype=np.uint8)
        cube = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1)
        assert set(np.unique(name_indices(cube))) == set(range(len(NAMES)))


class TestForm:
    @settings(max_examples=60, deadline=None)
    @given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=40).map(lambda s: (*s, 3))))
    def test_any_picture_gets_ordered_unambiguous_labels(self, picture: Rgb) -> None:
        """Any picture, down to one pixel, gets ordered, unambiguous labels, the same each time."""
        found = labels(picture)
        names = [label.label for label in found]
        assert found == labels(picture)
        assert len(set(names)) == len(names)
        assert [label.rank for label in found] == list(range(1, len(found) + 1))
        assert found == sorted(found, key=lambda label: (-label.score, label.label))
        assert all(0.5 <= label.score <= 1.0 and label.region == 0 and label.box is None for label in found)
        assert len(ORIENTATIONS & set(names)) == 1
        assert all(len(pair & set(names)) <= 1 for pair in OPPOSITES)

    @given(st.floats(-100, 100), st.floats(-100, 100))
    def test_stronger_scores_higher(self, one: float, other: float) -> None:
        """The stronger the measure, the higher the score, on either side of the middle."""
        high, low = Side("high", holds=10.0, full=40.0), Side("low", holds=-10.0, full=-40.0)
        less, more = sorted((one, other))
        assert (high.score(less) or 0.0) <= (high.score(more) or 0.0)
        assert (low.score(less) or 0.0) >= (low.score(more) or 0.0)

    def test_score_at_the_limits(self) -> None:
        """A label scores 0.5 where it begins to hold and 1 where it holds fully; with nan it does not hold."""
        side = Side("dark", holds=35.0, full=15.0)
        values = (35.0, 25.0, 15.0, 0.0, 35.1, float("nan"))
        assert [side.score(value) for value in values] == [0.5, 0.75, 1.0, 1.0, None, None]

    def test_pictures_of_different_sizes_go_in_one_batch(self) -> None:
        """Pictures of different sizes go in one batch, and their labels have its order."""
        batch = [plain(255, 30, 40), plain((200, 0, 0), 256, 171), noise(0, 255)]
        assert VISUAL.label(batch) == [labels(picture) for picture in batch]
        assert VISUAL.label([]) == []

    def test_a_prepared_picture_has_at_most_256_pixels_per_side(self, tmp_path: Path) -> None:
        """A prepared picture has at most 256 pixels on its longer side, and a small one is not enlarged."""
        assert shown(Image.new("RGB", (1350, 1080)), tmp_path).shape == (205, 256, 3)
        assert shown(Image.new("RGB", (30, 20)), tmp_path).shape == (20, 30, 3)
        assert VISUAL.prepare(PictureFile(tmp_path / "picture.bmp")).dtype == np.uint8

    def test_a_file_that_is_not_a_picture_is_unreadable(self, tmp_path: Path) -> None:
        """A file that is not a picture is unreadable."""
        (tmp_path / "page.jpg").write_text("<html>gone</html>")
        with pytest.raises(UnreadablePicture):
            VISUAL.prepare(PictureFile(tmp_path / "page.jpg"))

    def test_an_unknown_option_is_refused(self) -> None:
        """The classifier has the name from the settings, and an unknown option is refused."""
        assert load("looks", VisualOptions()).name == "looks"
        assert VISUAL.version == VERSION
        with pytest.raises(ValidationError):
            VisualOptions.model_validate({"top": 5})


class TestTable:
    def test_sides_do_not_overlap(self) -> None:
        """No value of a measure is on two sides at once, and no label is in two rows."""
        names = [side.label for row in PROPERTIES for side in row.sides]
        assert len(set(names)) == len(names)
        for row in PROPERTIES:
            for one in row.sides:
                assert all(other.score(one.holds) is None for other in row.sides if other is not one)

    def test_limits_belong_to_the_version(self) -> None:
        """Labels of one version stay comparable: a changed limit requires a new version."""
        limits = repr([(side, row.otherwise) for row in PROPERTIES for side in row.sides])
        assert hashlib.sha256(limits.encode()).hexdigest()[:16] == LIMITS[VERSION]

    def test_scores_belong_to_the_version(self) -> None:
        """Scores of one version stay comparable: a changed measure requires a new version."""
        down, across = np.indices((200, 160))
        waves = 70 + 60 * np.sin(across / 9) + 60 * np.sin(down / 1.5 + across * down / 90)
        picture = np.stack([waves + 40, waves * 0.7, 60 - waves], axis=-1).clip(0, 255).astype(np.uint8)
        picture[:70] = (190, 45, 40)
        assert scores(picture) == pytest.approx(SCORES[VERSION], abs=0.002)

    def test_the_packages_docstring_names_its_modules(self) -> None:
        """The package's docstring names all of its modules and no others."""
        named = set(re.findall(r"^    (\w+\.py) ", classifiers.visual.__doc__ or "", flags=re.MULTILINE))
        folder = Path(classifiers.visual.__file__).parent
        assert named == {path.name for path in folder.glob("*.py")} - {"__init__.py"}
