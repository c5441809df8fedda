"""The order of candidates, and how much of it is noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.errors import BadInput
from tasks.forecast_model import Forecast
from tasks.picture_order import MAX_CANDIDATES, describe_order, list_candidates, rank_candidates


def forecast(median: float | None, width: float = 2.0) -> Forecast:
    low, high = (None, None) if median is None else (median / width, median * width)
    return Forecast(usual=100.0, usual_low=50.0, usual_high=200.0, median=median, low=low, high=high)


def order(*medians: float | None, width: float = 2.0) -> str:
    ranked = rank_candidates(
        [(Path(f"{number}.jpg"), forecast(one, width)) for number, one in enumerate(medians)]
    )
    return describe_order(ranked, "likes")


def test_equal_forecasts_share_a_rank_and_unknown_ones_have_none():
    """The highest median is first; two of 100 are both second, and the next one is fourth."""
    files = [
        (Path(name), forecast(one))
        for name, one in [("a", 100), ("b", 120), ("c", 100), ("d", 9), ("e", None)]
    ]
    ranked = rank_candidates(files)
    assert [(one.file.name, one.rank) for one in ranked] == [("b", 1), ("a", 2), ("c", 2), ("d", 4)]
    assert ranked[0].first_wins == 0.5
    assert ranked[-1].first_wins > 0.99


def test_an_order_within_the_noise_is_called_so():
    """With intervals from half to double, 10 % more is noise, and ten times more is not."""
    assert order(110, 105, 100).startswith(
        "The order is within the noise: the first picture would get more likes than"
    )
    assert order(100, 100).startswith("All pictures have the same forecast")
    assert order(1000, 100, 90).startswith("The first picture stands out")
    assert order(110, 100, 10).startswith("The first 2 pictures are within the noise of each other.")
    assert order(110) == ""
    assert order(110, 105, 100, width=1.001).startswith("The first picture stands out")


def test_a_folder_without_usable_files_is_refused(tmp_path):
    """A missing folder, an empty one and one with too many files: each with its reason. Hidden files do not count."""
    with pytest.raises(BadInput, match="There is no folder"):
        list_candidates(tmp_path / "none")
    (tmp_path / ".DS_Store").touch()
    with pytest.raises(BadInput, match="has no files"):
        list_candidates(tmp_path)
    for number in range(MAX_CANDIDATES + 1):
        (tmp_path / f"{number}.jpg").touch()
    with pytest.raises(BadInput, match="has 501 files, and at most 500 are ranked"):
        list_candidates(tmp_path)
