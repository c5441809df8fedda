"""A process that draws a report's charts while the report goes on.

vl-convert 1.9 holds Python's lock while it starts V8 and while it draws, so only another process can do both beside
other work. It starts with the first drawing, and ends with the report or with the process that reports. A chart that ends
vl-convert ends no run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from tasks.report.vega import vega_svg

END_SECONDS = 10


class DrawingProcess:
    """Draws one specification after the other, in the order of `begin`."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="drawing")
        self._process: subprocess.Popen[str] | None = None

    def begin(self, spec: dict[str, Any], vega_lite: str) -> Callable[[], str]:
        """Begin to draw; the result waits for the SVG. It raises `ValueError` when the chart can't be drawn."""
        return self._thread.submit(self._draw, [spec, vega_lite]).result

    def close(self) -> None:
        """Drop what is not drawn yet, and end the process."""
        self._thread.shutdown(cancel_futures=True)
        if self._process is not None:
            self._end(self._process)

    def _draw(self, job: list[Any]) -> str:
        if self._process is None:
            self._process = _start()
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            self._process = None
            self._end(process)
            raise ValueError(f"vl-convert ended with status {process.returncode} while it drew a chart.")
        drawn: dict[str, str] = json.loads(line)
        if "error" in drawn:
            raise ValueError(drawn["error"])
        return drawn["svg"]

    def _end(self, process: subprocess.Popen[str]) -> None:
        try:
            process.communicate(timeout=END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


_current: ContextVar[DrawingProcess | None] = ContextVar("drawing_process", default=None)


@contextmanager
def draw_beside() -> Iterator[None]:
    """Let `begin_svg` draw in a process of its own."""
    process = DrawingProcess()
    token = _current.set(process)
    try:
        yield
    finally:
        _current.reset(token)
        process.close()


def begin_svg(spec: dict[str, Any], vega_lite: str) -> Callable[[], str]:
    """Begin to draw a specification; the result waits for its SVG. Outside of `draw_beside` the result draws it."""
    process = _current.get()
    return (lambda: vega_svg(spec, vega_lite)) if process is None else process.begin(spec, vega_lite)


def _start() -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tasks.report.drawing_process"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        # Ctrl-C in a terminal reaches the whole session. This process ends with its input.
        start_new_session=True,
    )


def _main() -> None:
    for line in sys.stdin:
        try:
            result = {"svg": vega_svg(*json.loads(line))}
        except (ValueError, OSError) as error:
            result = {"error": str(error)}
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _main()
