"""Real photographs, cropped and developed differently for every post.

The originals are files of the installed scikit-image and scikit-learn (the extra `demo`). Neither package is
imported: their import is slow, and their loaders may download.
"""

from __future__ import annotations

import io
import random
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps, ImageStat

PACKAGES = {"skimage": "scikit-image", "sklearn": "scikit-learn"}
SIZES = ((640, 640), (640, 640), (640, 800), (640, 427))  # square is twice as common
GAMMAS = (1.7, 1.0, 0.6)  # dim, as it is, light
JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Subject:
    """A photograph and what it shows.

    `file` is its path, with the package as the first part. Every crop contains the point `focus`. `closest` is the
    smallest share (0 to 1) of the largest possible crop that still shows the subject.
    """

    name: str
    shows: str
    file: str
    credit: str
    focus: tuple[float, float] = (0.5, 0.5)
    closest: float = 0.75


SUBJECTS = (
    Subject(
        "cat",
        "a tabby cat's face",
        "skimage/data/chelsea.png",
        "Stéfan van der Walt (CC0)",
        (0.45, 0.45),
        0.85,
    ),
    Subject(
        "coffee",
        "an espresso on a wooden table",
        "skimage/data/coffee.png",
        "Rachel Michetti (CC0)",
        (0.48, 0.45),
    ),
    Subject(
        "flower",
        "an orange dahlia",
        "sklearn/datasets/images/flower.jpg",
        "vultilion (CC BY 2.0)",
        (0.47, 0.5),
        0.65,
    ),
    Subject(
        "pagoda",
        "a pagoda by a lake",
        "sklearn/datasets/images/china.jpg",
        "danielbuechele (CC BY 2.0)",
        (0.38, 0.45),
    ),
    Subject(
        "motorcycle",
        "a red motorcycle",
        "skimage/data/motorcycle_left.png",
        "Middlebury College (stereo data sets, 2014)",
        (0.5, 0.55),
        0.9,
    ),
    Subject(
        "rocket", "a rocket on its launch pad at dusk", "skimage/data/rocket.jpg", "SpaceX (public domain)"
    ),
    Subject(
        "galaxies",
        "a deep field of galaxies",
        "skimage/data/hubble_deep_field.jpg",
        "NASA, Hubble (public domain)",
        closest=0.45,
    ),
    Subject(
        "astronaut",
        "an astronaut in an orange suit",
        "skimage/data/astronaut.png",
        "NASA (public domain)",
        (0.45, 0.4),
    ),
    Subject(
        "photographer",
        "a man with a camera on a tripod",
        "skimage/data/camera.png",
        "Lav Varshney (CC0)",
        (0.45, 0.45),
    ),
    Subject(
        "coins",
        "rows of old Greek coins",
        "skimage/data/coins.png",
        "Brooklyn Museum (no known restrictions)",
        closest=0.6,
    ),
)


@dataclass(frozen=True, slots=True)
class Variation:
    """How one picture differs from the original.

    `size` is in pixels. `zoom` is a share of the largest possible crop, `shift` moves it by -1 to 1, and
    `gamma` below 1 lightens. `warmth` is added to red and taken from blue; `saturation` 0 is grey.
    """

    size: tuple[int, int]
    zoom: float
    shift: tuple[float, float]
    gamma: float
    warmth: float
    saturation: float
    mirror: bool


def missing_packages() -> list[str]:
    """Return the packages with photographs that are not installed."""
    return [package for module, package in PACKAGES.items() if find_spec(module) is None]


@lru_cache(maxsize=256)
def vary(subject: Subject, seed: int) -> bytes:
    """Return a JPEG of the subject, 640 pixels wide and 427, 640 or 800 high; the same bytes for the same seed.

    Raises `FileNotFoundError` when the photograph's package is not installed.
    """
    variation = _variation(subject, seed)
    jpeg = io.BytesIO()
    _render(subject, variation, variation.size).save(jpeg, "JPEG", quality=JPEG_QUALITY)
    return jpeg.getvalue()


@lru_cache(maxsize=4096)
def lightness(subject: Subject, seed: int) -> float:
    """Return the mean grey value (0 black to 1 white) of `vary(subject, seed)`, measured on a thumbnail."""
    small = _render(subject, _variation(subject, seed), (40, 40))
    return ImageStat.Stat(small.convert("L")).mean[0] / 255


@lru_cache(maxsize=len(SUBJECTS))
def original(subject: Subject) -> Image.Image:
    """Return the photograph in RGB. Raises `FileNotFoundError` when its package is not installed."""
    package, _, inner = subject.file.partition("/")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"{subject.file}: its package is not installed")
    with Image.open(Path(spec.submodule_search_locations[0], inner)) as picture:
        return picture.convert("RGB")


def _variation(subject: Subject, seed: int) -> Variation:
    rng = random.Random(f"{subject.name}:{seed}")
    return Variation(
        size=rng.choice(SIZES),
        zoom=rng.uniform(subject.closest, 1.0),
        shift=(rng.uniform(-1, 1), rng.uniform(-1, 1)),
        gamma=rng.choice(GAMMAS) * rng.uniform(0.92, 1.08),
        warmth=rng.uniform(-0.08, 0.08),
        saturation=rng.uniform(0.45, 1.5),
        mirror=rng.random() < 0.5,
    )


def _render(subject: Subject, variation: Variation, size: tuple[int, int]) -> Image.Image:
    source = original(subject)
    box = _crop(source.size, subject.focus, variation)
    picture = source.resize(size, Image.Resampling.BICUBIC, box=box, reducing_gap=2.0)
    if variation.mirror:
        picture = ImageOps.mirror(picture)
    picture = picture.point(_tones(variation))
    return ImageEnhance.Color(picture).enhance(variation.saturation)


def _crop(
    source: tuple[int, int], focus: tuple[float, float], variation: Variation
) -> tuple[float, float, float, float]:
    """Return the crop: in the post's proportions, around the focus, within the picture."""
    width, height = source
    scale = min(width / variation.size[0], height / variation.size[1]) * variation.zoom
    crop_width, crop_height = variation.size[0] * scale, variation.size[1] * scale
    # A shift of a twentieth makes pictures differ, and keeps the subject in the crop.
    left = width * focus[0] - crop_width * (0.5 + 0.05 * variation.shift[0])
    top = height * focus[1] - crop_height * (0.5 + 0.05 * variation.shift[1])
    left = min(max(left, 0.0), width - crop_width)
    top = min(max(top, 0.0), height - crop_height)
    return left, top, left + crop_width, top + crop_height


def _tones(variation: Variation) -> list[int]:
    """Return a tone curve for red, green and blue: gamma for the light, red against blue for the warmth."""
    gains = (1 + variation.warmth, 1.0, 1 - variation.warmth)
    curve = [(value / 255) ** variation.gamma for value in range(256)]
    return [min(255, round(255 * gain * tone)) for gain in gains for tone in curve]
