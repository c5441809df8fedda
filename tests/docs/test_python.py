"""The pages' Python blocks run unchanged."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def test_every_python_block_runs(studio, python_block, start_process):
    """Each block is a complete program in the folder that its page describes."""
    program = start_process(python_block.text, cwd=studio)
    printed, errors = program.communicate()
    assert program.returncode == 0, errors[-2000:]
    if "print(" in python_block.text:
        assert printed.strip()
