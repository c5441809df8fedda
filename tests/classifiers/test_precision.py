"""Precision: chosen by the hardware or the settings; and the batch size that fits a GPU's memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from classifiers.compiled import find_batch_size
from classifiers.precision import choose_precision, cpu_has_bfloat16


@pytest.mark.parametrize(
    ("flags", "has_bfloat16"),
    [
        ("flags\t\t: fpu sse avx512f avx512_bf16 avx512_vnni", True),
        ("flags\t\t: fpu amx_bf16 amx_tile", True),
        ("Features\t: fp asimd bf16 i8mm", True),
        ("flags\t\t: fpu sse avx2 avx512f avx512_vnni", False),
        ("flags\t\t: notavx512_bf16", False),
        ("", False),
    ],
)
def test_bfloat16_is_detected_by_the_cpu_flags(flags: str, has_bfloat16: bool, tmp_path: Path) -> None:
    """bfloat16 is detected in Linux' flags of x86 and ARM processors, by complete words."""
    (tmp_path / "cpuinfo").write_text(f"processor\t: 0\n{flags}\n\nprocessor\t: 1\n{flags}\n")
    assert cpu_has_bfloat16(tmp_path / "cpuinfo") is has_bfloat16


def test_a_system_without_cpuinfo_has_no_bfloat16(tmp_path: Path) -> None:
    """A system that does not report CPU flags counts as one without bfloat16."""
    assert not cpu_has_bfloat16(tmp_path / "none")


@pytest.mark.parametrize(
    ("setting", "gpu", "chosen"),
    [("auto", True, "bfloat16"), ("auto", False, "float32"), ("float32", True, "float32"),
     ("bfloat16", False, "bfloat16"), ("bfloat16", None, "bfloat16")],
)  # fmt: skip
def test_the_setting_comes_before_the_gpu(setting: Any, gpu: bool | None, chosen: str) -> None:
    """The setting comes before the GPU, and the GPU before the CPU."""
    assert choose_precision(setting, gpu) == chosen


@pytest.mark.parametrize(
    ("limit", "expected"), [(1000, 256), (256, 256), (255, 128), (40, 32), (1, 1), (0, 1)]
)
def test_the_batch_is_halved_until_it_fits_the_memory(limit: int, expected: int) -> None:
    """A GPU's batch is halved until it fits the memory, but is at least one picture."""

    def attempt(size: int) -> None:
        if size > limit:
            raise RuntimeError("RESOURCE_EXHAUSTED: failed to allocate memory")

    assert find_batch_size(attempt, 256) == expected


def test_other_errors_do_not_halve_the_batch() -> None:
    """Only lack of memory makes batches smaller; any other error is raised."""
    with pytest.raises(ValueError, match="shape"):
        find_batch_size(lambda _: (_ for _ in ()).throw(ValueError("shape")), 256)
