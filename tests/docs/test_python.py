"""The pages' Python blocks run unchanged."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def test_every_python_block_runs(studio, python_block):
    """Each block is a complete program in the folder that its page describes."""
    ran = subprocess.run(
        [sys.executable, "-c", python_block.text], cwd=studio, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    if "print(" in python_block.text:
        assert ran.stdout.strip()
