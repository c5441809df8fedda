"""In which precision a model computes: bfloat16 where the hardware has it, float32 elsewhere, or as one asks.

bfloat16 has float32's range with 8 bits of its digits; sums are kept in float32. Where it is built in, a
model is about twice as fast, and its scores differ in the second or third digit.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

Asked = Literal["auto", "float32", "bfloat16"]
Precision = Literal["float32", "bfloat16"]

CPUINFO = Path("/proc/cpuinfo")
_FLAGS = re.compile(r"^(?:flags|Features)\s*:(.*)$", re.MULTILINE)
_BFLOAT16 = {"avx512_bf16", "amx_bf16", "bf16"}
"""As Linux names it on x86 (the first two) and on ARM."""


def precision(asked: Asked, accelerator_has_bfloat16: bool | None) -> Precision:
    """What to compute in; `accelerator_has_bfloat16` is None where there is no GPU and the CPU works."""
    if asked != "auto":
        return asked
    able = cpu_has_bfloat16() if accelerator_has_bfloat16 is None else accelerator_has_bfloat16
    return "bfloat16" if able else "float32"


def cpu_has_bfloat16(cpuinfo: Path = CPUINFO) -> bool:
    """Whether this CPU multiplies matrices of bfloat16; False where it does not say (other than Linux)."""
    try:
        found = _FLAGS.search(cpuinfo.read_text("utf-8", errors="replace"))
    except OSError:
        return False
    return found is not None and not _BFLOAT16.isdisjoint(found[1].split())
