"""LiteRT interpreters: each serves one thread at a time, so there are as many as there are callers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from classifiers.cores import cores
from classifiers.native import filter_native_output

MAX_INTERPRETERS = 16
"""Each has its own working memory: 7 MB for MobileNet v2."""


class InterpreterPool:
    """The interpreters of one model. The first is made at once, the others when a caller finds none idle.

    There are at most `callers`, by default one per core, and each computes with so many `threads`. Raises `ValueError` or
    `RuntimeError` if `content` is not a LiteRT model. All interpreters give the same results.
    """

    def __init__(self, content: bytes, callers: int = MAX_INTERPRETERS, threads: int = 1) -> None:
        self._content = content
        self._threads = threads
        self._idle: SimpleQueue[Any] = SimpleQueue()
        with filter_native_output():
            first = self._make()
        self.inputs: list[dict[str, Any]] = first.get_input_details()
        self.outputs: list[dict[str, Any]] = first.get_output_details()
        self.callers = min(callers, MAX_INTERPRETERS, cores())
        self._idle.put(first)

    @contextmanager
    def borrow(self) -> Iterator[Any]:
        """An interpreter that no other thread uses meanwhile."""
        try:
            interpreter = self._idle.get_nowait()
        except Empty:
            interpreter = self._make()
        try:
            yield interpreter
        finally:
            self._idle.put(interpreter)

    def _make(self) -> Any:
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(model_content=self._content, num_threads=self._threads)
        interpreter.allocate_tensors()
        return interpreter
