"""docs/training.md: its worked example prints what the page shows."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from PIL import Image

from flows.cli import main

pytestmark = pytest.mark.slow

SETTINGS = """
[[sources]]
name = "files"
kind = "jsonl"
file = "posts.jsonl"

"""
CROPS = 10


def make_crops(photographs: Path, folder: Path) -> None:
    """Ten random crops of each photograph: hot dogs into `yes`, the others into `no`."""
    chosen = random.Random(1)
    for file in sorted(photographs.glob("*.jpg")):
        target = folder / ("yes" if file.name.startswith("hot-dog") else "no")
        target.mkdir(exist_ok=True)
        with Image.open(file) as photograph:
            width, height = photograph.size
            for number in range(CROPS):
                size = chosen.uniform(0.6, 0.95)
                left, top = chosen.uniform(0, width * (1 - size)), chosen.uniform(0, height * (1 - size))
                box = (int(left), int(top), int(left + width * size), int(top + height * size))
                photograph.crop(box).save(target / f"{file.stem}-crop{number}.jpg", quality=90)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras")
def test_the_example_prints_what_the_page_shows(pages, photographs, tmp_path, monkeypatch, capsys):
    """The figures and the confusions of hot dogs are those of the page; scores and versions depend on the machine."""
    page = pages["training.md"]
    (tmp_path / "likelens.toml").write_text(SETTINGS + page.blocks("toml")[0].text, "utf-8")
    make_crops(photographs, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LIKELENS_HOME", raising=False)
    with pytest.raises(SystemExit) as ended:
        main(["train", "hotdog", "--yes", "yes", "--no", "no"])
    assert not ended.value.code
    printed, shown = lines(capsys.readouterr().out), lines(page.blocks("text")[0].text)
    assert printed[: len(shown)] == shown


def lines(text: str) -> list[str]:
    """The lines that do not depend on the machine, without trailing blanks."""
    found = [line.rstrip() for line in text.splitlines()]
    return [line for line in found if line and not line.startswith(("Backbone:", "  0.", "  1."))]
