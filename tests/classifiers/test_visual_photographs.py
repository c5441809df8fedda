"""The classifier `visual`: its labels of real photographs, original and changed."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter

from classifiers.pictures import PictureFile
from classifiers.visual import VisualOptions, load

PHOTOS = Path(__file__).resolve().parents[2].parent / "shared" / "photos"
VISUAL = load("visual", VisualOptions())


def photograph(name: str) -> Image.Image:
    """A photograph from the shared folder, scikit-image or scikit-learn."""
    folders = [PHOTOS]
    for package, inside in (("skimage", "data"), ("sklearn", "datasets/images")):
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.submodule_search_locations:
            folders.append(Path(spec.submodule_search_locations[0]) / inside)
    found = [folder / name for folder in folders if (folder / name).is_file()]
    if not found:
        pytest.skip(f"the photograph {name} is missing")
    return Image.open(found[0]).convert("RGB")


def found_in(path: Path) -> set[str]:
    return {label.label for label in VISUAL.label([VISUAL.prepare(PictureFile(path))])[0]}


def found(image: Image.Image, folder: Path) -> set[str]:
    """The labels of a picture, stored without loss."""
    image.save(folder / "picture.bmp")
    return found_in(folder / "picture.bmp")


class TestChangesOfAPhotograph:
    def test_blur_makes_a_photograph_soft(self, tmp_path: Path) -> None:
        """A photograph in focus is sharp; out of focus it is soft."""
        flower = photograph("flower.jpg")
        assert "sharp" in found(flower, tmp_path)
        assert "soft" in found(flower.filter(ImageFilter.GaussianBlur(5)), tmp_path)

    def test_fog_does_not_make_a_photograph_soft(self, tmp_path: Path) -> None:
        """Fog removes contrast and colour from a photograph, but does not make it soft."""
        coffee = photograph("coffee.png")
        foggy = Image.blend(coffee, Image.new("RGB", coffee.size, "white"), 0.7)
        assert {"light", "low contrast", "low saturation", "sharp"} <= found(foggy, tmp_path)

    def test_saturation_follows_the_colours(self, tmp_path: Path) -> None:
        """A photograph without its colours has low saturation, with stronger ones high saturation."""
        chickadee = ImageEnhance.Color(photograph("chickadee.jpg"))
        assert "low saturation" in found(chickadee.enhance(0.2), tmp_path)
        assert "high saturation" in found(chickadee.enhance(2.5), tmp_path)

    def test_brightness_decides_light_and_dark(self, tmp_path: Path) -> None:
        """A darkened photograph is dark, a brightened one light, the original neither."""
        astronaut = ImageEnhance.Brightness(photograph("astronaut.png"))
        light = [{"light", "dark"} & found(astronaut.enhance(by), tmp_path) for by in (0.4, 1.0, 1.7)]
        assert light == [{"dark"}, set(), {"light"}]

    def test_coloured_light_makes_a_photograph_warm_or_cool(self, tmp_path: Path) -> None:
        """Blue light makes a photograph cool, candle light makes it warm."""
        camera = photograph("camera.png")
        assert not {"warm", "cool"} & found(camera, tmp_path)
        for colour, label in (("#2a5ac8", "cool"), ("#e09040", "warm")):
            tinted = Image.blend(camera, Image.new("RGB", camera.size, colour), 0.4)
            assert {"warm", "cool"} & found(tinted, tmp_path) == {label}

    @pytest.mark.parametrize("name", ["flower.jpg", "china.jpg", "rocket.jpg", "cat-street.jpg", "daisy.jpg"])
    def test_a_smaller_copy_gets_the_same_labels(self, name: str, tmp_path: Path) -> None:
        """A smaller, more compressed copy of a photograph gets the same labels."""
        original = photograph(name)
        smaller = (original.width * 7 // 10, original.height * 7 // 10)
        original.resize(smaller, Image.Resampling.LANCZOS).save(tmp_path / "copy.jpg", quality=75)
        assert found_in(tmp_path / "copy.jpg") == found(original, tmp_path)


class TestPhotographs:
    @pytest.mark.parametrize(
        ("name", "has", "has_not"),
        [
            ("cat-2.jpg", "dark, warm, brown, portrait, single dominant colour", "cool, light, blue, soft"),
            ("cat-3.jpg", "high contrast, sharp, black, brown", "light, textured, smooth"),
            ("cat-street.jpg", "warm, brown, landscape", "dark, light, textured, much background space"),
            ("chickadee.jpg", "green, landscape, sharp", "warm, cool, light, much background space"),
            ("daisy.jpg", "yellow, green, high saturation, warm", "dark, smooth, much background space"),
            ("dog-2.jpg", "grey, green", "high saturation, high contrast, soft"),
            ("dog-3.jpg", "blue, cool, sharp", "warm, red, textured"),
            ("dragonfly.jpg", "textured, low saturation", "smooth, much background space, warm"),
            ("grace-hopper.jpg", "portrait, dark, much background space, blue, black", "light, textured"),
            ("hot-dog-2.jpg", "warm, red, brown, high saturation", "dark, blue, cool"),
            ("hot-dog-4.jpg", "warm, brown", "sharp, textured, cool"),
            ("hot-dog.jpg", "dark, smooth, much background space, black", "light, textured, warm"),
            ("astronaut.png", "square, high contrast", "smooth, single dominant colour, cool"),
            ("coffee.png", "warm, brown, high saturation", "cool, much background space, smooth"),
            ("chelsea.png", "warm, brown, single dominant colour", "blue, much background space, dark"),
            ("camera.png", "low saturation, grey, much background space", "warm, cool, brown, blue"),
            ("rocket.jpg", "blue, dark, cool, smooth, much background space", "warm, light, textured"),
            ("grass.png", "textured, low saturation", "smooth, much background space, soft"),
            ("gravel.png", "textured, grey", "smooth, much background space"),
            ("brick.png", "textured, single dominant colour", "smooth, light, dark"),
            ("moon.png", "low contrast, much background space, smooth", "textured, high contrast"),
            ("cell.png", "soft, much background space, dark", "sharp, textured"),
            ("retina.jpg", "red, warm, square", "much background space, cool, textured"),
            ("china.jpg", "high contrast, landscape, sharp", "warm, cool, dark, single dominant colour"),
            ("flower.jpg", "dark, high saturation, much background space", "light, textured, soft"),
        ],
    )
    def test_a_person_would_agree(self, name: str, has: str, has_not: str, tmp_path: Path) -> None:
        """A photograph gets the labels that people would give it, and none that they would deny."""
        labels = found(photograph(name), tmp_path)
        assert set(has.split(", ")) - labels == set()
        assert set(has_not.split(", ")) & labels == set()
