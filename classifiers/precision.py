"""The precision of a model: bfloat16 if the hardware computes in it, else float32, or what the settings say.

bfloat16 has the range of float32 with 8 bits of its digits; sums are computed in float32. On hardware with
bfloat16 a model is about twice as fast, and its scores differ in the second or third digit.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

PrecisionSetting = Literal["auto", "float32", "bfloat16"]
Precision = Literal["float32", "bfloat16"]

CPUINFO = Path("/proc/cpuinfo")
_FLAGS = re.compile(r"^(?:flags|Features)\s*:(.*)$", re.MULTILINE)
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
"""Linux' names for the CPU feature: on x86 (the first two) and on ARM."""


def choose_precision(setting: PrecisionSetting, gpu_has_bfloat16: bool | None) -> Precision:
    """The precision to compute in. `gpu_has_bfloat16` is None without a GPU; then the CPU decides."""
    if setting != "auto":
        return setting
    has_bfloat16 = cpu_has_bfloat16() if gpu_has_bfloat16 is None else gpu_has_bfloat16
    return "bfloat16" if has_bfloat16 else "float32"


def cpu_has_bfloat16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether this CPU multiplies bfloat16 matrices; False on systems other than Linux, which do not report it."""
    try:
        flags = _FLAGS.search(cpuinfo.read_text("utf-8", errors="replace"))
    except OSError:
        return False
    return flags is not None and not _BFLOAT16.isdisjoint(flags[1].split())
