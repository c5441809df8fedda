"""Drawings of the last report are used again, and no others are stored."""

from __future__ import annotations

from pathlib import Path

from tasks.report.drawn_charts import draw_once, reuse_drawings


def test_only_what_has_changed_is_drawn(tmp_path: Path) -> None:
    """The second report draws the new chart alone, and the folder then has the drawings of that report."""
    drawn: list[str] = []

    def draw(source: str) -> bytes:
        return draw_once(source, "svg", lambda: drawn.append(source) or source.encode())  # type: ignore[func-returns-value]

    with reuse_drawings(tmp_path / "drawings"):
        assert [draw("one"), draw("two"), draw("one")] == [b"one", b"two", b"one"]
    with reuse_drawings(tmp_path / "drawings"):
        assert [draw("two"), draw("three")] == [b"two", b"three"]
    assert drawn == ["one", "two", "three"]
    assert sorted(file.read_bytes() for file in (tmp_path / "drawings").iterdir()) == [b"three", b"two"]


def test_without_a_folder_every_chart_is_drawn() -> None:
    """A chart alone, as of `likelens rank --chart`, leaves no file behind."""
    assert draw_once("one", "svg", lambda: b"drawn") == b"drawn"
